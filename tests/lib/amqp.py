#!/usr/bin/python3
"""What the tests ask of a RabbitMQ, by a client that is not ours (pika).

amqp.py PORT CA declare             queue `work` (quorum), exchange `dead` with queue `dead`
amqp.py PORT CA publish             each line of standard input: "N TEXT" sends TEXT N times;
                                    "N TEXT<TAB>NAME=VALUE..." with such headers
amqp.py PORT CA count               messages ready in `work`, `work.later` and `dead`
amqp.py PORT CA dead                takes those of `dead`: [{"headers", "body"}]
amqp.py PORT CA unbind              nobody gets what is sent to exchange `dead`
"""
import json
import ssl
import sys

import pika

QUEUES = ("work", "work.later", "dead")


def connect(port, ca):
    context = ssl.create_default_context(cafile=ca)
    return pika.BlockingConnection(pika.ConnectionParameters(
        "localhost", int(port), "/", pika.PlainCredentials("emrdrop", "synthetic-password"),
        ssl_options=pika.SSLOptions(context, "localhost")))


def declare(ch):
    ch.queue_declare("work", durable=True, arguments={"x-queue-type": "quorum"})
    ch.exchange_declare("dead", "direct", durable=True)
    ch.queue_declare("dead", durable=True)
    ch.queue_bind("dead", "dead", "work")


def publish(ch):
    ch.confirm_delivery()
    for line in sys.stdin:
        times, text = line.rstrip("\n").split(" ", 1)
        text, *headers = text.split("\t")
        props = pika.BasicProperties(
            delivery_mode=2, headers=dict(h.split("=", 1) for h in headers) or None)
        for _ in range(int(times)):
            ch.basic_publish("", "work", text.encode(), props, mandatory=True)


def ready(connection, name):
    ch = connection.channel()
    try:
        return ch.queue_declare(name, passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        return 0


def dead(ch):
    found = []
    while True:
        method, props, body = ch.basic_get("dead", auto_ack=True)
        if method is None:
            return found
        found.append({"headers": props.headers, "body": body.decode("utf-8", "replace")})


def main():
    port, ca, what = sys.argv[1:]
    connection = connect(port, ca)
    if what == "count":
        print(*(ready(connection, q) for q in QUEUES))
    elif what == "dead":
        print(json.dumps(dead(connection.channel()), default=str))
    elif what == "unbind":
        connection.channel().queue_unbind("dead", "dead", "work")
    else:
        {"declare": declare, "publish": publish}[what](connection.channel())
    connection.close()


main()
