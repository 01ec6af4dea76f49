# shellcheck shell=bash
# A minimal Debian to try things in. To be sourced by bash, after script/lib.sh; as root, needs debootstrap.

ROOT_SUITE=bookworm

# The address of the archive that has the suite, as apt knows it.
root_mirror() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(SUITE) $(COMPONENT)' 2>/dev/null |
        awk -v suite="$ROOT_SUITE" '($2 == suite || $3 == suite) && $4 == "main" { print $1; exit }'
}

# apt's own words about the same, where no lists have been fetched yet.
root_mirror_from_sources() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE "s,^deb (\[[^]]*\] )?([^ ]+) $ROOT_SUITE .*\bmain\b.*,\2,p" | head -n 1
    awk -v suite="$ROOT_SUITE" '/^URIs:/ { uri = $2 } /^Suites:/ && $0 ~ suite "( |$)" { found = 1 }
        /^$/ { if (found && uri) print uri; uri = ""; found = 0 }
        END { if (found && uri) print uri }' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1
}

# root_make DIR: a minbase in a folder that is there; packages come from where this machine's apt gets its own
root_make() {
    local dir=$1 from
    from=$(root_mirror)
    [ -n "$from" ] || from=$(root_mirror_from_sources | head -n 1)
    [ -n "$from" ] || die "apt's sources have no $ROOT_SUITE main"
    chmod 755 "$dir" # mktemp made it for us alone; nobody has to get in, too
    say "making a minbase $ROOT_SUITE"
    debootstrap --variant=minbase "$ROOT_SUITE" "$dir" "$from" >"$dir.log" 2>&1 || {
        tail -n 20 "$dir.log" >&2
        rm -f "$dir.log"
        die "debootstrap failed"
    }
    rm -f "$dir.log"
    # The way to the archive, if this machine needs one (a proxy, a cache).
    apt-config dump | grep -iE '^Acquire::(http|https)::Proxy' >"$dir/etc/apt/apt.conf.d/90proxy" || true
    cp /etc/resolv.conf "$dir/etc/resolv.conf" 2>/dev/null || true
}

# root_mount DIR: what programs in it expect
root_mount() {
    mount -t proc proc "$1/proc"
    mount -t sysfs sysfs "$1/sys"
    mount --bind /dev "$1/dev"
    mount --make-rprivate "$1/dev" # or what is mounted below would appear outside
    mount --bind /dev/pts "$1/dev/pts"
    mount -t tmpfs tmpfs "$1/dev/shm"
}

# root_unmount DIR
root_unmount() {
    local at
    for at in dev/shm dev/pts dev sys proc; do
        ! mountpoint -q "$1/$at" || umount -l "$1/$at"
    done
}

# root_run DIR COMMAND...
root_run() {
    local dir=$1
    shift
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb DEBIAN_FRONTEND=noninteractive \
        chroot "$dir" "$@"
}
