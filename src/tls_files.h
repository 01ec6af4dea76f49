/*
 * What TLS reads of files: a certificate and its key, the authorities that clients are known by; and its priorities.
 *
 * Each has its own line for each thing that can be wrong with it. Threads: any. Ownership: messages are in the pool;
 * what is read goes into the credentials, and copies of private keys are wiped. Errors: errno; EINVAL where a file
 * can be read but not used.
 */
#ifndef HOLDFAST_TLS_FILES_H
#define HOLDFAST_TLS_FILES_H

#include <apr_pools.h>
#include <gnutls/gnutls.h>

int tls_files_pair(gnutls_certificate_credentials_t credentials, const char *cert, const char *key,
                   apr_pool_t *pool, const char **out_message);

int tls_files_authorities(gnutls_certificate_credentials_t credentials, const char *file, apr_pool_t *pool,
                          const char **out_message);

int tls_files_priorities(const char *text, gnutls_priority_t *out, apr_pool_t *pool,
                         const char **out_message);

#endif
