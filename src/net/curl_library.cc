#include "net/curl_library.h"

#include <dlfcn.h>

#include <string>

namespace chiliad::net {
namespace {

constexpr const char* kName = "libcurl.so.4";

// dlerror() of the last call.
Error failure() {
  const char* reason = dlerror();
  return {ErrorCode::kUnavailable, std::string("HTTP requests need libcurl (Debian's package libcurl4): ") +
                                       (reason == nullptr ? kName : reason)};
}

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Result<CurlLibrary> load() {
  void* const library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);  // Never closed: threads may be inside until the end.
  if (library == nullptr) return failure();
  CurlLibrary curl;
  const bool whole =
      find(library, "curl_easy_cleanup", curl.easy_cleanup) && find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
      find(library, "curl_easy_init", curl.easy_init) && find(library, "curl_easy_perform", curl.easy_perform) &&
      find(library, "curl_easy_reset", curl.easy_reset) && find(library, "curl_easy_setopt", curl.easy_setopt) &&
      find(library, "curl_easy_strerror", curl.easy_strerror) && find(library, "curl_getdate", curl.getdate) &&
      find(library, "curl_global_init", curl.global_init) && find(library, "curl_slist_append", curl.slist_append) &&
      find(library, "curl_slist_free_all", curl.slist_free_all);
  if (!whole) return failure();
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return Error{ErrorCode::kUnavailable, "libcurl cannot start: too little memory, or no TLS"};
  return curl;
}

}  // namespace

const Result<CurlLibrary>& curl_library() {
  static const Result<CurlLibrary> library = load();
  return library;
}

}  // namespace chiliad::net
