# What the servers' files share. Sourced from the project's root.

# free_port: a port that nobody listens on, nor on the next. Not one of those that the system hands
# out by itself: until a server has begun to listen there, it might have become a connection's.
free_port() {
    python3 - <<'PY'
import random
import socket
while True:
    port = random.randrange(10000, 32000, 2)
    try:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", port))
            two.bind(("127.0.0.1", port + 1))
    except OSError:
        continue
    print(port)
    break
PY
}

# answers URL: waits until it does, whatever it says; gives up after some minutes
answers() {
    for _ in $(seq 3000); do
        ! curl -s -o /dev/null "$1" || return 0
        sleep 0.1
    done
    return 1
}

# stop_by FILE: ends the process whose id is in the file. All of them keep what they have in memory
# only, so none needs time to put it in order.
stop_by() {
    local id
    [ -e "$1" ] || return 0
    id=$(cat "$1")
    kill -KILL "$id" 2>/dev/null
    { wait "$id"; } 2>/dev/null
}
