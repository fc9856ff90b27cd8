// libcurl for Swift: its own header, and typed forms of its variadic functions, which Swift cannot call.
#pragma once
#include <curl/curl.h>

CURLcode verbatim_curl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode verbatim_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode verbatim_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode verbatim_curl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode verbatim_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode verbatim_curl_set_url(CURL *handle, CURLU *value);
CURLcode verbatim_curl_set_mime(CURL *handle, curl_mime *value);

// Each sets a callback together with the context that it is given.
CURLcode verbatim_curl_set_write(CURL *handle, curl_write_callback callback, void *context);
CURLcode verbatim_curl_set_header(CURL *handle, curl_write_callback callback, void *context);
CURLcode verbatim_curl_set_read(CURL *handle, curl_read_callback callback, void *context);
CURLcode verbatim_curl_set_seek(CURL *handle, curl_seek_callback callback, void *context);
CURLcode verbatim_curl_set_open_socket(CURL *handle, curl_opensocket_callback callback, void *context);

CURLcode verbatim_curl_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode verbatim_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value);
// The text stays libcurl's, until the handle's next request.
CURLcode verbatim_curl_get_string(CURL *handle, CURLINFO info, char **value);
CURLMcode verbatim_curl_multi_set_long(CURLM *handle, CURLMoption option, long value);

// The address inside libcurl's structure, which is longer than its declared type for IPv6 and Unix sockets.
const void *verbatim_curl_address_bytes(const struct curl_sockaddr *address);

// For whoever looks at the process; Swift's Glibc leaves this function out. At most 15 bytes.
void verbatim_curl_name_this_thread(const char *name);

// Sends one byte over a pair of Unix sockets, and with it a descriptor, unless that is negative: the macros that this
// takes are none for Swift. Never waits. 0, or -1 with errno set.
int verbatim_hand_descriptor(int channel, int descriptor);
