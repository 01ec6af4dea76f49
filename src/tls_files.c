/*
 * GnuTLS would read the files itself, but says of most of what can be wrong with them only that something is.
 */
#include "src/tls_files.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/log.h"
#include "src/tls.h"

#define CHAIN_MAX 32 /* certificates in one file that are looked at for their dates */

static int unusable(apr_pool_t *pool, const char **out_message, const char *format, const char *file,
                    int failed)
{
    *out_message = apr_psprintf(pool, format, file, gnutls_strerror(failed));
    return EINVAL;
}

/* ---- files ---- */

/* To the end of it, which it must have within size. */
static int read_all(int fd, unsigned char *data, size_t size, unsigned *out_size)
{
    size_t done = 0;

    for (ssize_t n = 1; n > 0; done += (size_t)n) {
        if (done == size)
            return EFBIG;
        n = read(fd, data + done, size - done);
        if (n < 0)
            return errno;
    }
    *out_size = (unsigned)done;
    return 0;
}

static void forget(gnutls_datum_t *text)
{
    if (text->data)
        gnutls_memset(text->data, 0, text->size);
    free(text->data);
}

static int read_text(const char *file, gnutls_datum_t *out, apr_pool_t *pool, const char **out_message)
{
    gnutls_datum_t text = { .data = malloc(TLS_FILE_MAX + 1) };
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), error = 0;

    if (fd < 0)
        error = errno;
    else if (!text.data)
        error = ENOMEM;
    else
        error = read_all(fd, text.data, TLS_FILE_MAX + 1, &text.size);
    if (fd >= 0)
        close(fd);
    if (error) {
        free(text.data);
        *out_message = apr_psprintf(pool, "cannot read %s: %s", file, strerror(error));
        return error;
    }
    *out = text;
    return 0;
}

/* ---- a certificate and its key ---- */

static const char *date_of(apr_pool_t *pool, time_t when)
{
    struct tm utc;
    char text[sizeof "2026-01-01 00:00:00"] = "";

    if (gmtime_r(&when, &utc))
        strftime(text, sizeof text, "%F %T", &utc);
    return apr_pstrcat(pool, text, " UTC", NULL);
}

/* Clients will refuse it; but it is for them to say. */
static void warn_of_dates(gnutls_x509_crt_t cert, const char *file, apr_pool_t *pool)
{
    time_t now = time(NULL), begins = gnutls_x509_crt_get_activation_time(cert);
    time_t ends = gnutls_x509_crt_get_expiration_time(cert);

    if (ends != (time_t)-1 && now > ends)
        log_warning("a certificate in %s expired on %s", file, date_of(pool, ends));
    else if (begins != (time_t)-1 && now < begins)
        log_warning("a certificate in %s is not valid before %s", file, date_of(pool, begins));
}

static int look_at_chain(const char *file, const gnutls_datum_t *text, apr_pool_t *pool,
                         const char **out_message)
{
    gnutls_x509_crt_t chain[CHAIN_MAX];
    unsigned count = CHAIN_MAX;

    int found = gnutls_x509_crt_list_import(chain, &count, text, GNUTLS_X509_FMT_PEM,
                                            GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    if (found == 0)
        found = GNUTLS_E_NO_CERTIFICATE_FOUND;
    if (found < 0)
        return unusable(pool, out_message, "%s is no certificate in PEM form: %s", file, found);
    for (int i = 0; i < found; i++) {
        warn_of_dates(chain[i], file, pool);
        gnutls_x509_crt_deinit(chain[i]);
    }
    return 0;
}

static int look_at_key(const char *file, const gnutls_datum_t *text, apr_pool_t *pool,
                       const char **out_message)
{
    gnutls_x509_privkey_t key;
    struct stat st;

    if (gnutls_x509_privkey_init(&key) != 0)
        return ENOMEM;
    int failed = gnutls_x509_privkey_import2(key, text, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_x509_privkey_deinit(key);
    if (failed == GNUTLS_E_DECRYPTION_FAILED)
        return unusable(pool, out_message,
                        "the private key in %s is locked with a passphrase; store it without", file, failed);
    if (failed)
        return unusable(pool, out_message, "%s is no private key in PEM form: %s", file, failed);
    if (stat(file, &st) == 0 && st.st_mode & S_IROTH)
        log_warning("anybody may read the private key in %s (chmod o-r)", file);
    return 0;
}

int tls_files_pair(gnutls_certificate_credentials_t credentials, const char *cert, const char *key,
                   apr_pool_t *pool, const char **out_message)
{
    gnutls_datum_t cert_text = { 0 }, key_text = { 0 };

    int error = read_text(cert, &cert_text, pool, out_message);
    if (!error)
        error = read_text(key, &key_text, pool, out_message);
    if (!error)
        error = look_at_chain(cert, &cert_text, pool, out_message);
    if (!error)
        error = look_at_key(key, &key_text, pool, out_message);
    if (!error) {
        int failed =
            gnutls_certificate_set_x509_key_mem(credentials, &cert_text, &key_text, GNUTLS_X509_FMT_PEM);
        if (failed == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
            *out_message =
                apr_psprintf(pool, "%s is not the private key of the certificate in %s", key, cert);
            error = EINVAL;
        } else if (failed < 0) {
            error = unusable(pool, out_message, "the certificate in %s cannot be used: %s", cert, failed);
        }
    }
    forget(&cert_text);
    forget(&key_text);
    return error;
}

/* ---- the rest ---- */

int tls_files_authorities(gnutls_certificate_credentials_t credentials, const char *file, apr_pool_t *pool,
                          const char **out_message)
{
    gnutls_datum_t text = { 0 };

    int error = read_text(file, &text, pool, out_message);
    if (error)
        return error;
    int found = gnutls_certificate_set_x509_trust_mem(credentials, &text, GNUTLS_X509_FMT_PEM);
    if (found == 0)
        found = GNUTLS_E_NO_CERTIFICATE_FOUND;
    if (found < 0)
        error = unusable(pool, out_message, "%s is no certificate in PEM form: %s", file, found);
    forget(&text);
    return error;
}

int tls_files_priorities(const char *text, gnutls_priority_t *out, apr_pool_t *pool, const char **out_message)
{
    const char *where = text;

    int failed = gnutls_priority_init(out, text, &where);
    if (failed == 0)
        return 0;
    if (failed == GNUTLS_E_INVALID_REQUEST && *where)
        *out_message =
            apr_psprintf(pool, "TLS priorities that GnuTLS does not understand, from here: %s", where);
    else
        *out_message = apr_psprintf(pool, "TLS priorities %s: %s", text, gnutls_strerror(failed));
    return EINVAL;
}
