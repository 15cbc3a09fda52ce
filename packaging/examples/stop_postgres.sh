#!/bin/sh
# Stops the local PostgreSQL, so that nothing is written here any more. Exit status 0 only when it does not run. May run again at any time.
set -u
bin=/usr/lib/postgresql/17/bin
data=/var/lib/postgresql/17/main

"$bin/pg_ctl" stop -m fast -w -t 50 -D "$data"
"$bin/pg_ctl" status -D "$data" >/dev/null
[ $? -eq 3 ]    # 3 = there is a data directory and no server; anything else is not known to be stopped
