#!/bin/bash
# The steps of docs/deploy.md as they stand there, from the package to a davfs2 mount over TLS with a password; then
# renewal of the certificate, a second share, upgrade, removal, purge.
#
# The host is a minimal Debian, the client this machine, with files of its own in the places that the steps write to.
# systemd cannot run there: what stands in for it (systemctl, below) starts what the unit says.
set -eu
. "$(dirname "$0")/../../script/lib.sh"
. "$HOLDFAST_ROOT/tests/packages/minimal"
DOCUMENT=$HOLDFAST_ROOT/docs/deploy.md
PASSWORD='correct horse'

# Starts and stops what the unit names, as it names it; and says "enabled" to the package's scripts.
write_systemctl() {
    mkdir -p "$JAIL/run/systemd/system"
    cat >$JAIL/usr/bin/systemctl <<'END'
#!/bin/bash
# systemctl [OPTIONS] VERB [--] [UNIT], as far as one service needs it
set -eu
unit=/lib/systemd/system/holdfast.service
said() { sed -n "s/^$1=//p" "$unit"; }
pid() { cat /run/holdfast.pid 2>/dev/null; }
is_active() { [ -n "$(pid)" ] && kill -0 "$(pid)" 2>/dev/null; }
start() {
    local command rights
    read -ra command <<<"$(said ExecStart)"
    rights=$(said AmbientCapabilities | tr A-Z a-z | sed 's/cap_/+/')
    : >/var/log/holdfast.out
    setpriv --reuid "$(said User)" --regid "$(said Group)" --init-groups --no-new-privs \
        --inh-caps="-all,$rights" --bounding-set="-all,$rights" --ambient-caps="-all,$rights" \
        env -i PATH=/usr/bin STATE_DIRECTORY="/var/lib/$(said StateDirectory)" \
        bash -c 'umask "$0"; exec "$@"' "$(said UMask)" "${command[@]}" >>/var/log/holdfast.out 2>&1 </dev/null &
    echo $! >/run/holdfast.pid
    until grep -q '^holdfast: serving ' /var/log/holdfast.out; do
        is_active || { cat /var/log/holdfast.out; exit 1; }
        sleep 0.05
    done
}
stop() {
    ! is_active || kill "$(pid)"
    while is_active; do sleep 0.05; done
}
while [[ ${1-} == -* ]]; do shift; done
echo "$*" >>/run/systemctl.log
case $1 in
start) is_active || start ;;
stop) stop ;;
restart) stop; start ;;
reload) kill -HUP "$(pid)" ;;
is-enabled) echo enabled ;;
is-active) is_active ;;
daemon-reload) ;;
*) echo "systemctl: $*?" >&2; exit 1 ;;
esac
END
    chmod +x $JAIL/usr/bin/systemctl
}

# blocks KIND: the document's commands behind "<!-- run: KIND -->"
blocks() {
    awk -v kind="<!-- run: $1 -->" '$0 == kind { marked = 1; next } marked && /^```sh$/ { inside = 1; next }
        /^```$/ { if (inside) printf "%c", 0; inside = marked = 0 } inside' "$DOCUMENT"
}

# on_host COMMANDS: with the package's folder as the working folder
on_host() {
    printf '%s\n' "$1" | sed 's/^/    + /'
    root_run "$JAIL" bash -ec "cd /root; $1" </dev/null >"$WORK/said" 2>&1 || fail "$1"
}

# Names and certificates of the client are its own here.
make_client() {
    mkdir -p "$WORK/client" /mnt
    cp -a /etc/davfs2 "$WORK/client/davfs2"
    mkdir -p "$WORK/client/davfs2/certs"
    : >"$WORK/client/davfs2/secrets"
    chmod 600 "$WORK/client/davfs2/secrets"
    printf '127.0.0.1 localhost files.example.org\n' >"$WORK/client/hosts"
    mount --bind "$WORK/client/davfs2" /etc/davfs2
    mount --bind "$WORK/client/hosts" /etc/hosts
    mount -t tmpfs tmpfs /mnt
    [ ! -d /var/cache/davfs2 ] || mount -t tmpfs -o mode=775,gid=davfs2 tmpfs /var/cache/davfs2
    mount -t tmpfs tmpfs /run
}

serial() {
    openssl s_client -connect files.example.org:443 </dev/null 2>/dev/null | openssl x509 -noout -serial
}

wait_until() {
    local end=$((SECONDS + 20))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "not within 20 s: $*"
        sleep 0.1
    done
}

curl_() {
    curl -sS --max-time 20 --cacert "$JAIL/etc/holdfast/tls/cert.pem" "$@"
}

status_of() {
    curl_ -o "$WORK/answer" -w '%{http_code}' "$@"
}

# ---- the steps ----

install_and_mount() {
    local block commands
    mapfile -d '' -t commands < <(blocks server)
    [ "${#commands[@]}" = 4 ] || fail "the document has ${#commands[@]} blocks for the server"
    on_host "${commands[0]}"
    [ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/)" = 401 ] || fail "it does not ask for a password"
    mapfile -d '' -t block < <(blocks password)
    printf '%s\n' "$PASSWORD" | root_run "$JAIL" bash -ec "${block[0]}"
    on_host "${commands[1]}"
    on_host "${commands[2]}"
    cp "$JAIL/etc/holdfast/tls/cert.pem" "$WORK/cert.pem"
    mapfile -d '' -t block < <(blocks client)
    (cd "$WORK" && bash -ec "${block[0]}") </dev/null || fail "the mount"
    echo 'a letter' >/mnt/files/letter.txt
    mkdir /mnt/files/folder
    sync -f /mnt/files
    umount /mnt/files >/dev/null
    [ "$(cat "$JAIL/srv/holdfast/letter.txt")" = 'a letter' ] || fail "what was written in the mount is not on the server"
    [ "$(stat -c %U "$JAIL/srv/holdfast")" = "$(stat -c %U "$JAIL/srv/holdfast/letter.txt")" ] || fail "whose file is it?"
    [ "$(status_of https://files.example.org/letter.txt)" = 401 ] || fail "no password is needed"
    SHARES=${commands[3]}
}

renew() {
    local block before
    mapfile -d '' -t block < <(blocks renewal)
    on_host "${block[0]}"
    before=$(serial)
    on_host 'mkdir /root/lineage; cd /root/lineage; cp /etc/holdfast/tls/cert.pem /root/old.pem
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=files.example.org -addext subjectAltName=DNS:files.example.org -keyout privkey.pem -out fullchain.pem
RENEWED_LINEAGE=/root/lineage /etc/letsencrypt/renewal-hooks/deploy/holdfast'
    renewed() { [ "$(serial)" != "$before" ]; }
    wait_until renewed
}

add_share() {
    on_host "$SHARES"
    [ "$(status_of -u "ann:$PASSWORD" -T "$WORK/cert.pem" https://files.example.org/projects/cert)" = 201 ] || fail "PUT into the new share"
    [ "$(status_of -u "ann:$PASSWORD" https://files.example.org/files/letter.txt)" = 200 ] || fail "GET from the old share"
}

# A lock and a property are there afterwards, and so is what the operator wrote.
upgrade() {
    local before
    [ "$(status_of -u "ann:$PASSWORD" -X LOCK -H 'Timeout: Second-3600' --data-binary '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>' \
        https://files.example.org/files/letter.txt)" = 200 ] || fail "LOCK"
    before=$(cat "$JAIL/etc/holdfast/holdfast.conf" "$JAIL/etc/holdfast/users")
    rm "$JAIL"/root/holdfast_*.deb
    "$HOLDFAST_ROOT/script/package" --build "$BUILD" --to "$JAIL/root" --version 99.0 >/dev/null
    : >"$JAIL/run/systemctl.log"
    on_host 'apt install ./holdfast_*.deb'
    grep -q '^restart holdfast.service' "$JAIL/run/systemctl.log" || fail "the service was not restarted"
    [ "$(dpkg-query --admindir "$JAIL/var/lib/dpkg" -W -f '${Version}' holdfast)" = 99.0 ] || fail "the version"
    [ "$(cat "$JAIL/etc/holdfast/holdfast.conf" "$JAIL/etc/holdfast/users")" = "$before" ] || fail "the configuration has changed"
    [ "$(status_of -u "ann:$PASSWORD" -X DELETE https://files.example.org/files/letter.txt)" = 423 ] || fail "the lock is gone"
}

remove() {
    on_host 'apt remove holdfast'
    [ "$(status_of https://files.example.org/ 2>/dev/null || true)" = 000 ] || fail "it still runs"
    [ -e "$JAIL/etc/holdfast/users" ] && [ -e "$JAIL/var/lib/holdfast/files/holdfast.db" ] || fail "remove took users or state"
    echo mine >"$JAIL/var/lib/holdfast/mine"
    on_host 'apt purge holdfast'
    rm "$JAIL/var/lib/holdfast/mine" && rmdir "$JAIL/var/lib/holdfast" || fail "purge took what was not the package's, or left state"
    ! root_run "$JAIL" getent passwd holdfast || fail "purge left the user"
    rm -r "$JAIL/etc/letsencrypt" "$JAIL/etc/systemd/system/holdfast.service.d"
    (cd "$JAIL" && find . -xdev -name '*holdfast*' ! -path './root/*' ! -path './var/log/*' ! -path './run/*' ! -path './tmp/*' | sort) >"$WORK/left"
    [ "$(cat "$WORK/left")" = ./srv/holdfast ] || fail "purge left: $(cat "$WORK/left")"
    [ "$(cat "$JAIL/srv/holdfast/letter.txt")" = 'a letter' ] || fail "purge took a served file"
    [ -e "$JAIL/srv/projects/cert" ] || fail "purge took a served file"
}

inside() {
    [ -c /dev/fuse ] || mknod /dev/fuse c 10 229 2>/dev/null || skip "there is no /dev/fuse"
    command -v mount.davfs >/dev/null || skip "davfs2 is not installed"
    write_systemctl
    make_client
    cp "$WORK"/*.deb "$JAIL/root/"
    install_and_mount
    renew
    add_share
    upgrade
    remove
}

minimal_main "$@"
