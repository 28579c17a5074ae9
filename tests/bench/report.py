#!/usr/bin/python3
"""One table, and one chart, of what run.sh measured.

  report.py LINES JSON SVG     LINES: bench_note's, a JSON object each

Time is compared per unit of work, emrdrop's being 1: a peer of 3 takes three times as long,
a floor of 0.5 is what the libraries alone need.
"""

import json
import math
import sys
from html import escape

LABEL, BAR, ROW, WIDTH = 300, 400, 22, 860
LOWEST, HIGHEST = 0.05, 200.0
STYLE = """
text { font: 13px sans-serif; fill: #1f2328 }
.stage { font-weight: bold }
.small { font-size: 11px; fill: #59636e }
.ours { fill: #1a7f37 } .floor { fill: #8c959f } .peer { fill: #bc4c00 }
.grid { stroke: #d1d9e0 } .one { stroke: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .small { fill: #9198a1 }
  .ours { fill: #3fb950 } .floor { fill: #6e7681 } .peer { fill: #db6d28 }
  .grid { stroke: #3d444d } .one { stroke: #3fb950 }
}
"""


def per_unit(entry):
    return max(entry["wall_s"], 0.0005) / entry["work"]


def stages(lines):
    """[{stage, unit, ours, floor, peers}], with floors that follow each other added up."""
    found = {}
    for entry in lines:
        stage = found.setdefault(entry["stage"], {
            "stage": entry["stage"], "unit": entry["unit"], "floors": [], "peers": []})
        if entry["role"] == "ours":
            stage["ours"] = entry
        else:
            stage[entry["role"] + "s"].append(entry)
    result = []
    for stage in found.values():
        if "ours" not in stage:
            continue
        base = per_unit(stage["ours"])
        for peer in stage["peers"]:
            peer["times"] = round(per_unit(peer) / base, 2)
        stage["floor_times"] = round(sum(per_unit(f) for f in stage["floors"]) / base, 2)
        result.append(stage)
    return result


def table(all_stages):
    head = ("%-38s %-26s %9s %9s %9s %11s %7s"
            % ("stage", "who", "wall s", "CPU s", "anon MiB", "work/s", "time"))
    lines = [head, "-" * len(head)]

    def line(stage, who, entry, times):
        lines.append("%-38s %-26s %9.3f %9.3f %9.1f %11.1f %7.2f" % (
            stage, who, entry["wall_s"], entry["cpu_s"], entry["anon_kib"] / 1024,
            1 / per_unit(entry), times))

    for stage in all_stages:
        line("%s (%s)" % (stage["stage"], stage["unit"]), "emrdrop", stage["ours"], 1)
        for floor in stage["floors"]:
            line("", "floor: " + floor["label"], floor, per_unit(floor) / per_unit(stage["ours"]))
        if len(stage["floors"]) > 1:
            lines.append("%-38s %-26s %50.2f" % ("", "floor: all of it", stage["floor_times"]))
        for peer in stage["peers"]:
            line("", "peer: " + peer["label"], peer, peer["times"])
    return "\n".join(lines)


def place(times):
    """Where a bar ends: the scale is a logarithm's."""
    times = min(max(times, LOWEST), HIGHEST)
    return LABEL + BAR * math.log(times / LOWEST) / math.log(HIGHEST / LOWEST)


def bars(stage):
    yield "ours", "emrdrop", 1.0
    if stage["floors"]:
        yield "floor", "the libraries alone" if len(stage["floors"]) > 1 else \
            stage["floors"][0]["label"], stage["floor_times"]
    for peer in stage["peers"]:
        yield "peer", peer["label"], peer["times"]


def chart(all_stages):
    out, y = [], 34
    for stage in all_stages:
        out.append('<text class="stage" x="8" y="%d">%s</text>' % (y + 15, escape(stage["stage"])))
        y += ROW
        for role, label, times in bars(stage):
            out.append('<text x="24" y="%d">%s</text>' % (y + 15, escape(label)))
            out.append('<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>' % (
                role, LABEL, y + 3, place(times) - LABEL, ROW - 7))
            out.append('<text class="small" x="%.1f" y="%d">%.3g</text>' % (
                place(times) + 6, y + 15, times))
            y += ROW
        y += 6
    grid = []
    for times in (0.1, 1, 10, 100):
        grid.append('<line class="%s" x1="%.1f" x2="%.1f" y1="28" y2="%d"/>' % (
            "one" if times == 1 else "grid", place(times), place(times), y))
        grid.append('<text class="small" x="%.1f" y="22">%g</text>' % (place(times) - 6, times))
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
            'role="img"><title>Time for the same work, emrdrop taking 1</title><style>%s</style>'
            '<text class="small" x="8" y="22">time for the same work, emrdrop = 1</text>\n%s\n'
            '</svg>\n' % (WIDTH, y + 8, WIDTH, y + 8, STYLE, "\n".join(grid + out)))


def main(lines_path, json_path, svg_path):
    with open(lines_path, encoding="utf-8") as f:
        all_stages = stages([json.loads(line) for line in f])
    with open(json_path, "w", encoding="utf-8") as f:
        json.dump(all_stages, f, indent=1)
        f.write("\n")
    with open(svg_path, "w", encoding="utf-8") as f:
        f.write(chart(all_stages))
    print(table(all_stages))


if __name__ == "__main__":
    main(*sys.argv[1:4])
