#include "net/http_client.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "net/curl_library.h"

namespace chiliad::net {
namespace {

constexpr long kConnectMillis = 10'000;
constexpr std::chrono::milliseconds kClockSlack{10};
constexpr std::size_t kMostIdle = 32;
constexpr std::size_t kMostFieldBytes = 64 << 10;

struct FreeHandle {
  void operator()(CURL* handle) const { curl_library()->easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;

struct FreeList {
  void operator()(curl_slist* list) const { curl_library()->slist_free_all(list); }
};

// What the callbacks of one request fill.
struct Answer {
  CURL* curl = nullptr;
  const ClientRequest& request;
  ClientResponse response;
  std::uint64_t body_bytes = 0;
  std::size_t field_bytes = 0;
  bool too_large = false;
  bool unwanted = false;
};

int status_of(CURL* curl) {
  long status = 0;
  curl_library()->easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* context) {
  auto* answer = static_cast<Answer*>(context);
  if (count > answer->request.max_body_bytes - answer->body_bytes) {
    answer->too_large = true;
    return CURL_WRITEFUNC_ERROR;
  }
  answer->body_bytes += count;
  if (!answer->request.take_body) {
    answer->response.body.append(bytes, count);
    return count;
  }
  answer->response.status = status_of(answer->curl);
  answer->unwanted = !answer->request.take_body(answer->response, {bytes, count});
  return answer->unwanted ? CURL_WRITEFUNC_ERROR : count;
}

std::size_t take_field(char* bytes, std::size_t, std::size_t count, void* context) {
  auto* answer = static_cast<Answer*>(context);
  std::string_view line(bytes, count);
  answer->field_bytes += count;
  if (answer->field_bytes > kMostFieldBytes) {
    answer->too_large = true;
    return CURL_WRITEFUNC_ERROR;
  }
  if (line.starts_with("HTTP/")) answer->response.fields.clear();  // Behind a "100 Continue".
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  std::string name(line.substr(0, colon));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  line.remove_prefix(colon + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
  answer->response.fields.emplace_back(std::move(name), line);
  return count;
}

using FieldList = std::unique_ptr<curl_slist, FreeList>;

// Errors: kInvalid: a value with a line break, which would begin a field of its own.
Result<FieldList> field_list(const ClientRequest& request) {
  // Not sent unless asked for: a pause for "100 Continue", and the types that curl guesses.
  std::vector<std::string> lines = {"Expect:", "Accept:"};
  bool has_type = false;
  for (const auto& [name, value] : request.fields) {
    has_type |= name == "Content-Type";
    lines.push_back(value.empty() ? name + ";" : name + ": " + value);  // curl's way to send an empty value.
  }
  if (!has_type) lines.push_back("Content-Type:");
  FieldList fields;
  for (const std::string& line : lines) {
    if (line.find_first_of("\r\n") != std::string::npos)
      return Error{ErrorCode::kInvalid, "a line break in a header field"};
    curl_slist* longer = curl_library()->slist_append(fields.get(), line.c_str());
    CHILIAD_CHECK(longer != nullptr);
    static_cast<void>(fields.release());
    fields.reset(longer);
  }
  return fields;
}

// Where there is a handle, there is a library.
template <typename Value>
void set(CURL* curl, CURLoption option, Value value) {
  curl_library()->easy_setopt(curl, option, value);
}

void set_limits(CURL* curl, std::int64_t left_millis, std::chrono::seconds silence) {
  const long millis = static_cast<long>(std::min<std::int64_t>(left_millis, 24 * 3600 * 1000));
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_TIMEOUT_MS, millis);
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, std::min(millis, kConnectMillis));
  if (silence.count() == 0) return;
  set(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(silence.count()));
}

void set_request(CURL* curl, const ClientRequest& request, curl_slist* fields) {
  set(curl, CURLOPT_URL, request.url.c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(curl, CURLOPT_PATH_AS_IS, 1L);
  set(curl, CURLOPT_HTTPHEADER, fields);
  if (!request.use_proxy) set(curl, CURLOPT_NOPROXY, "*");
  if (!request.may_repeat) set(curl, CURLOPT_FRESH_CONNECT, 1L);
  if (request.method == "HEAD") {
    set(curl, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    if (request.method == "PUT" || request.method == "POST" || !request.body.empty()) {
      set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(curl, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    }
    set(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

// Not 0 either when a kept connection took them, broke, and no other came about.
long bytes_sent(CURL* curl) {
  long bytes = 0;
  curl_library()->easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes;
}

bool never_connected(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
         code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
}

ErrorCode code_of(CURLcode code, Deadline deadline) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      // curl's clock counts whole milliseconds.
      return std::chrono::steady_clock::now() + kClockSlack >= deadline ? ErrorCode::kDeadline
                                                                        : ErrorCode::kUnavailable;
    case CURLE_PEER_FAILED_VERIFICATION: return ErrorCode::kForbidden;
    case CURLE_URL_MALFORMAT: return ErrorCode::kInvalid;
    default: return ErrorCode::kUnavailable;
  }
}

}  // namespace

struct HttpClient::State {
  Mutex mutex;
  std::vector<Handle> idle CHILIAD_GUARDED_BY(mutex);

  // A handle keeps its connection: the last one used is the one most likely still open.
  Handle take() {
    MutexLock lock(mutex);
    if (idle.empty()) return Handle(curl_library()->easy_init());
    Handle handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }
  void give_back(Handle handle) {
    curl_library()->easy_reset(handle.get());
    MutexLock lock(mutex);
    if (idle.size() < kMostIdle) idle.push_back(std::move(handle));
  }
};

HttpClient::HttpClient() : state_(std::make_unique<State>()) {}
HttpClient::~HttpClient() = default;

std::string_view ClientResponse::field(std::string_view name) const {
  for (const auto& [own, value] : fields)
    if (own == name) return value;
  return {};
}

Result<ClientResponse> HttpClient::send(const ClientRequest& request, Deadline deadline, bool* surely_not_sent) {
  if (surely_not_sent != nullptr) *surely_not_sent = true;
  const std::string what = request.method + " " + request.url.substr(0, request.url.find('?'));
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  if (left <= 0) return Error{ErrorCode::kDeadline, what + ": the time is used up"};
  if (!curl_library()) return Error(curl_library().error()).in(what);
  Handle handle = state_->take();
  CHILIAD_CHECK(handle != nullptr);
  Answer answer{.curl = handle.get(), .request = request, .response = {}};
  Result<FieldList> fields = field_list(request);
  if (!fields) return std::move(fields).error().in(what);
  CURL* curl = handle.get();
  char reason[CURL_ERROR_SIZE] = "";
  set_limits(curl, left, request.silence);
  set_request(curl, request, fields->get());
  set(curl, CURLOPT_WRITEFUNCTION, take_body);
  set(curl, CURLOPT_WRITEDATA, &answer);
  set(curl, CURLOPT_HEADERFUNCTION, take_field);
  set(curl, CURLOPT_HEADERDATA, &answer);
  set(curl, CURLOPT_ERRORBUFFER, reason);
  const CURLcode code = curl_library()->easy_perform(curl);
  if (surely_not_sent != nullptr) *surely_not_sent = never_connected(code) && bytes_sent(curl) == 0;
  if (answer.too_large)
    return Error{ErrorCode::kTooLarge, what + ": an answer over " + std::to_string(request.max_body_bytes) + " bytes"};
  if (answer.unwanted) return Error{ErrorCode::kConflict, what + ": the rest of the answer is not wanted"};
  if (code != CURLE_OK)
    return Error{code_of(code, deadline),
                 what + ": " + (reason[0] != '\0' ? reason : curl_library()->easy_strerror(code))};
  answer.response.status = status_of(curl);
  state_->give_back(std::move(handle));  // One that failed is not used again.
  return std::move(answer.response);
}

std::optional<Instant> parse_http_date(std::string_view text) {
  if (!curl_library()) return std::nullopt;
  const std::time_t seconds = curl_library()->getdate(std::string(text).c_str(), nullptr);
  constexpr std::time_t kLatest = 9'223'372'036;  // Instant's.
  if (seconds < 0 || seconds > kLatest) return std::nullopt;
  return Instant(std::chrono::seconds(seconds));
}

}  // namespace chiliad::net
