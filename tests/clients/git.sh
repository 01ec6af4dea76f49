#!/bin/bash
# git: push over WebDAV (http-push, with locks), then clone at once.
set -eu
. "$(dirname "$0")/../wire/server.sh"
command -v git >/dev/null || skip "git is not installed"
[ -x "$(git --exec-path)/git-http-push" ] || skip "this git has no http-push"
export HOME=$WORK GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
server_start
git init -q --bare "$ROOT/repo.git"
git -C "$ROOT/repo.git" update-server-info
git init -q "$WORK/work"
cd "$WORK/work"
for i in 1 2 3; do
    echo "$i" >file
    git add file
    git commit -q -m "commit $i"
    git push -q "$URL/repo.git" HEAD:refs/heads/main
done
git -C "$ROOT/repo.git" fsck --strict >/dev/null
git -C "$ROOT/repo.git" update-server-info
git clone -q -b main "$URL/repo.git" "$WORK/clone"
same "$(git -C "$WORK/clone" rev-parse HEAD)" "$(git rev-parse HEAD)" "what was cloned"
cd "$TOP"
server_stop
