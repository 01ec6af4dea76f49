/*
 * A collection as a page for people: GET on it lists its members.
 *
 * Streamed; memory is bounded however many members there are. Links are relative and work for a URL
 * with its slash and without it, also behind a proxy that puts the folder somewhere else.
 */
#ifndef HOLDFAST_INDEX_H
#define HOLDFAST_INDEX_H

#include "webdav/request.h"

#define INDEX_TYPE "text/html; charset=utf-8"

/* Of the collection at the request's path, with those members that its user may read. It outlives the request. ENOENT,
 * EACCES etc. if the collection cannot be read. */
int index_open(const struct dav_request *r, struct dav_stream **out);

#endif
