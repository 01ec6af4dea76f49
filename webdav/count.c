/*
 * How much a deep copy has to do, found out beside it: the copy begins at once, and only one that lasts is
 * worth a second walk. Its walk runs ahead and brings in what the copy needs next.
 */
#include "fs/walk.h"
#include "webdav/copymove.h"
#include "webdav/method.h"
#include "webdav/rights.h"

bool dav_has_unknown_total(const struct dav_request *r)
{
    const struct copymove *cm = r->method && r->method->changes & CHANGES_DEST ? r->state : NULL;
    return cm && cm->deep && (!cm->is_move || cm->crosses);
}

/* As tree_copy counts: a collection when it is made, anything else when it is there. */
static void add(const struct walk_entry *entry, enum walk_event event, uint64_t *members, uint64_t *bytes)
{
    if (event != WALK_ENTRY && event != WALK_ENTER)
        return;
    ++*members;
    if (entry->st.type == FS_FILE)
        *bytes += entry->st.size;
}

void dav_count(struct dav_request *r, const atomic_bool *in_vain)
{
    uint64_t members = 0, bytes = 0;
    enum walk_event event = WALK_END;
    struct rights_filter filter;
    struct walk_entry entry;
    struct walk *walk;

    if (walk_open(r->dav->fs, r->path, WALK_FOLLOW, WALK_DEEP, &walk) != 0)
        return;
    walk_set_filter(walk, rights_filter_init(&filter, r->dav->fs, r->view, r->path));
    while (!atomic_load(in_vain) && !progress_is_stopped(&r->progress) &&
           (event = walk_next(walk, &entry)) != WALK_END)
        add(&entry, event, &members, &bytes);
    walk_close(walk);
    if (event != WALK_END || atomic_load(in_vain) || progress_is_stopped(&r->progress))
        return;
    atomic_store(&r->progress.bytes_total, bytes);
    atomic_store(&r->progress.members_total, members);
}
