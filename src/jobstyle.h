/*
 * What is the same on every page about jobs: its look, its script, and the policy that allows a browser
 * these two and nothing else.
 *
 * The script only makes the page livelier: it puts fresh numbers in place by fetching the page again,
 * and gives the cancel buttons their life. It works on any page whose <main> has data-refresh (seconds; 0 =
 * never) and data-shape (while it stays the same, fresh elements of class "live" take the places of
 * the old ones; otherwise the whole <main> is exchanged), and on buttons with data-cancel (a job's href).
 */
#ifndef HOLDFAST_JOBSTYLE_H
#define HOLDFAST_JOBSTYLE_H

extern const char job_style_css[];
extern const char job_style_script[];

/* Content-Security-Policy (CSP Level 3): nothing from anywhere, but for these very texts by their SHA-256, and
 * fetches to ourselves. Whoever changes one of them has to change its hash: the test tells it. */
#define JOB_STYLE_POLICY                                                                                     \
    "default-src 'none'; style-src 'sha256-dX057a20z4NYGrfD6W4qBPBn0ZVjtTBDsXuNSxOa98k='; "                  \
    "script-src 'sha256-grh89mUn2RNnlUycHpQ6VDZzup+OUhAkwQRIIWRcPfo='; connect-src 'self'; "                 \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#endif
