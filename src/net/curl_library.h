// The functions of libcurl that the client uses, loaded by the first request.
//
// Linked in the usual way, libcurl and the two dozen libraries behind it (Kerberos, LDAP, SSH, RTMP ...) would be
// loaded and relocated at every start, a third of what the start of a process costs; most commands never send a
// request.
//
// Thread-safe.

#pragma once

#include <curl/curl.h>

#include "base/result.h"

namespace chiliad::net {

struct CurlLibrary {
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_getdate) getdate = nullptr;
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
};

// Errors: kUnavailable: it is not on this machine, or cannot be loaded; the reason and what to install. The same answer
// for the life of the process.
const Result<CurlLibrary>& curl_library();

}  // namespace chiliad::net
