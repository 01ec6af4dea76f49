/*
 * How a job looks to a person: HTML pages of one job and of all of somebody's jobs.
 *
 * Self-contained, light or dark as the reader likes it, and whole without a script: then a page whose
 * job has not ended asks for itself again after retry_after seconds. With a script the numbers change in
 * place and there are cancel buttons. Paths are shown decoded; every text may hold any bytes and cannot become
 * markup, an address or a script.
 *
 * The answer should carry Content-Security-Policy: JOB_PAGE_POLICY, Cache-Control: no-store, and Vary: Accept
 * where the same URL also gives JSON.
 *
 * Views and results are owned as in src/jobview.h. Pure; any thread.
 */
#ifndef HOLDFAST_JOBPAGE_H
#define HOLDFAST_JOBPAGE_H

#include "src/jobstyle.h"
#include "src/jobview.h"

#define JOB_PAGE_TYPE   "text/html; charset=utf-8"
#define JOB_PAGE_POLICY JOB_STYLE_POLICY

char *job_page_html(const struct job_view *view, size_t *out_size);

/* In the order given. `user` "" = anonymous. */
char *job_page_list_html(const struct job_view *views, size_t count, const char *user, size_t *out_size);

#endif
