#!/usr/bin/python3
"""The splitter as the whole job: the file from SFTP, prefetched, its records to HTTPS as
peer.py sends them, with the same token and a verified certificate. It keeps no state,
retries nothing, and judges nothing before it sends.

  hl7_peer.py PORT USER DIR FILE URL      DIR: client, known_hosts, token, ca.pem
"""

import sys

from hl7_splitter import messages, records
from peer import Sender, remote_text


def main(port, user, folder, path, url):
    sender, row = Sender(url, folder), 0
    with remote_text(port, user, folder, path, "\r") as text:
        for row, message in enumerate(messages(text), 1):
            for record in records(message):
                sender.add(row, record)
    sender.flush()
    print("%d messages, %d records in %d batches" % (row, sender.n, sender.batch))


if __name__ == "__main__":
    main(*sys.argv[1:])
