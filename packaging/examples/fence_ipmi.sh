#!/bin/sh
# Makes sure that a node has no power. Exit status 0 only after its management board has said so itself.
#   fence_ipmi.sh BOARD USER PASSWORD_FILE
set -u
board=$1 user=$2 password_file=$3
confirmed=/run/fencefirst/confirmed-$board

power() { timeout 5 /usr/bin/ipmitool -I lanplus -H "$board" -U "$user" -f "$password_file" chassis power "$1"; }
is_off() { [ "$(power status)" = 'Chassis Power is off' ]; }

# The operator's word, for the night on which the board has no power either: counts once, and for ten minutes only.
if [ -n "$(find "$confirmed" -mmin -10 2>/dev/null)" ]; then
    rm "$confirmed" || exit 1
    echo "an operator says that the node behind $board is off"
    exit 0
fi

if is_off; then
    echo "the node behind $board is off already"
    exit 0
fi

# The answer to "off" says that the command was taken, not that the power is gone. So it is asked for afterwards.
power off
turn=0
while [ "$turn" -lt 8 ]; do
    sleep 1
    if is_off; then
        echo "the node behind $board is off"
        exit 0
    fi
    turn=$((turn + 1))
done
echo "the node behind $board is not off, or its board does not answer"
exit 1
