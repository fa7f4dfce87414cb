// OpenSSL 3 for Swift, which sees functions and plain constants only: what OpenSSL offers as a macro stands here as a function.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <time.h>

// No configuration file: it could change what is diagnosed, and load providers, which a static program cannot. No work at exit:
// threads may still be at it.
static inline int tls_initialize(void) {
    return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
}

// Contexts and connections.

static inline int tls_set_minimum_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}

// Writes may be cut into records, and are repeated from another address.
static inline void tls_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

// Also servers that know no secure renegotiation (RFC 5746).
static inline void tls_allow_old_servers(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
}

// Bytes that no server looks at.
static inline int tls_add_padding(SSL *connection, unsigned int type, unsigned int context, const unsigned char **bytes,
    size_t *length, X509 *certificate, size_t index, int *alert, void *argument) {
    static const unsigned char padding[1400];
    (void)connection, (void)type, (void)context, (void)certificate, (void)index, (void)alert, (void)argument;
    *bytes = padding;
    *length = sizeof padding;
    return 1;
}

// Makes the hello of a client larger than one packet by an extension of a type that every server must ignore (RFC 8701).
static inline int tls_make_hello_large(SSL_CTX *context) {
    return SSL_CTX_add_custom_ext(context, 0x8a8a, SSL_EXT_CLIENT_HELLO, tls_add_padding, NULL, NULL, NULL, NULL);
}

static inline int tls_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline int tls_set_server_name(SSL *connection, const char *name) {
    return (int)SSL_set_tlsext_host_name(connection, name);
}

// The subject's name never counts (RFC 9525 section 2), and a "*" stands for a whole label.
static inline int tls_expect_name(SSL *connection, const char *name) {
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(connection, name);
}

// Of the reasons of errors, those that are the other side's alerts; 0 for any other.
static inline int tls_is_alert(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET;
}

// Certificates.

static inline int tls_count(const STACK_OF(X509) *list) { return list ? sk_X509_num(list) : 0; }
static inline X509 *tls_certificate(const STACK_OF(X509) *list, int index) { return sk_X509_value(list, index); }
static inline STACK_OF(X509) *tls_new_list(void) { return sk_X509_new_null(); }
// The list borrows what is in it.
static inline int tls_append(STACK_OF(X509) *list, X509 *certificate) { return sk_X509_push(list, certificate); }
static inline void tls_free_list(STACK_OF(X509) *list) { sk_X509_free(list); }

// The text of RFC 4514. Freed with tls_free_text.
static inline char *tls_name_text(const X509_NAME *name) {
    BIO *text = BIO_new(BIO_s_mem());
    if (!text) return NULL;
    char *copy = NULL;
    if (X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        char *bytes = NULL;
        long length = BIO_get_mem_data(text, &bytes);
        copy = length >= 0 ? OPENSSL_strndup(bytes, (size_t)length) : NULL;
    }
    BIO_free(text);
    return copy;
}
static inline void tls_free_text(char *text) { OPENSSL_free(text); }

// Seconds since 1970.
static inline int tls_seconds(const ASN1_TIME *time, int64_t *seconds) {
    struct tm parts;
    if (!ASN1_TIME_to_tm(time, &parts)) return 0;
    *seconds = (int64_t)timegm(&parts);
    return 1;
}

static inline GENERAL_NAMES *tls_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int tls_alternative_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
// GEN_DNS or GEN_IPADD with its bytes, or 0 for a name of another kind.
static inline int tls_alternative(const GENERAL_NAMES *names, int index, const unsigned char **bytes, int *length) {
    int kind = 0;
    const ASN1_STRING *value = (const ASN1_STRING *)GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &kind);
    if (!value || (kind != GEN_DNS && kind != GEN_IPADD)) return 0;
    *bytes = ASN1_STRING_get0_data(value);
    *length = ASN1_STRING_length(value);
    return kind;
}

// 0 where the certificate says that it is for something else than servers (RFC 5280 section 4.2.1.12).
static inline int tls_is_for_servers(X509 *certificate) {
    if (!(X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE)) return 1;
    return (X509_get_extended_key_usage(certificate) & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
}

// A certificate that is among the trusted ones ends the chain, whoever has issued it.
static inline void tls_set_verification(X509_STORE_CTX *verification, int64_t now, int depth, int level) {
    X509_VERIFY_PARAM *settings = X509_STORE_CTX_get0_param(verification);
    X509_VERIFY_PARAM_set_flags(settings, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_time(settings, (time_t)now);
    X509_VERIFY_PARAM_set_depth(settings, depth);
    X509_VERIFY_PARAM_set_auth_level(settings, level);
}

// Making certificates.

static inline int tls_add_common_name(X509_NAME *name, const char *text) {
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

// In the notation of x509v3_config(5).
static inline int tls_add_extension(X509 *certificate, X509 *issuer, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (!extension) return 0;
    int added = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

static inline int tls_is_end_of_pem(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}
