// libcurl for Swift: its header, and typed forms of its variadic functions, which Swift cannot call.
#pragma once
#include <curl/curl.h>

CURLcode verbatim_curl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode verbatim_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode verbatim_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode verbatim_curl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode verbatim_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode verbatim_curl_set_url(CURL *handle, CURLU *value);
CURLcode verbatim_curl_set_mime(CURL *handle, curl_mime *value);

// Each sets a callback and its context.
CURLcode verbatim_curl_set_write(CURL *handle, curl_write_callback callback, void *context);
CURLcode verbatim_curl_set_header(CURL *handle, curl_write_callback callback, void *context);
CURLcode verbatim_curl_set_read(CURL *handle, curl_read_callback callback, void *context);
CURLcode verbatim_curl_set_seek(CURL *handle, curl_seek_callback callback, void *context);
CURLcode verbatim_curl_set_open_socket(CURL *handle, curl_opensocket_callback callback, void *context);

CURLcode verbatim_curl_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode verbatim_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value);
// libcurl owns the text. It is valid until the handle's next request.
CURLcode verbatim_curl_get_string(CURL *handle, CURLINFO info, char **value);
CURLMcode verbatim_curl_multi_set_long(CURLM *handle, CURLMoption option, long value);

// Returns the address inside libcurl's structure. For IPv6 and Unix sockets it is longer than its declared type.
const void *verbatim_curl_address_bytes(const struct curl_sockaddr *address);

// Sends one byte over a Unix socket, together with a descriptor unless that is negative. In C, because Swift cannot use the
// macros for this. Never waits. Returns 0, or -1 with errno set.
int verbatim_hand_descriptor(int channel, int descriptor);
