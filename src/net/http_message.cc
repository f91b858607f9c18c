#include "net/http_message.h"

#include "base/number.h"

namespace chiliad::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Beyond this a buffer that one large message needed is given back.
constexpr std::size_t kKeptBytes = 64 * 1024;

void empty_but_keep(std::string& text) {
  if (text.capacity() > kKeptBytes) {
    std::string().swap(text);
  } else {
    text.clear();
  }
}

}  // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid: return 400;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kConflict: return 409;
    case ErrorCode::kTooLarge: return 413;
    case ErrorCode::kNotConverged: return 422;
    case ErrorCode::kForbidden: return 403;
    case ErrorCode::kUnavailable: return 503;
    case ErrorCode::kDeadline: return 504;
    case ErrorCode::kNoSpace: return 507;
    case ErrorCode::kCorrupt: return 500;
  }
  return 500;
}

std::string_view http_reason(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 424: return "Failed Dependency";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

std::string_view HttpRequest::field(std::string_view name) const {
  for (const Field& field : fields_) {
    if (same_ignoring_case(view(field.name), name)) return view(field.value);
  }
  return {};
}

std::string_view HttpRequest::path() const {
  std::string_view path = target();
  path = path.substr(0, path.find('?'));
  if (path.starts_with('/')) return path;
  const std::size_t host = path.find("://");
  if (host == std::string_view::npos) return path;  // "*", or an authority: nobody serves these.
  const std::size_t slash = path.find('/', host + 3);
  return slash == std::string_view::npos ? std::string_view() : path.substr(slash);
}

std::string_view HttpRequest::query() const {
  const std::string_view whole = target();
  const std::size_t question = whole.find('?');
  return question == std::string_view::npos ? std::string_view() : whole.substr(question + 1);
}

HttpRequest::Piece HttpRequest::keep(std::string_view text) {
  const Piece piece{static_cast<std::uint32_t>(head_.size()), static_cast<std::uint32_t>(text.size())};
  head_.append(text);
  return piece;
}

void HttpRequest::clear() {
  empty_but_keep(head_);
  empty_but_keep(body_);
  fields_.clear();
  method_ = {};
  target_ = {};
  keep_alive_ = true;
  http_1_0_ = false;
}

void HttpResponse::add_field(std::string_view name, std::string_view value) {
  fields.append(name).append(": ");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    fields += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  fields += "\r\n";
}

void HttpResponse::clear() {
  status = 200;
  content_type = "application/json";
  fields.clear();
  empty_but_keep(body);
  held.reset();
  file.reset();
  head_content_length.reset();
  close = false;
}

void append_response_head(std::string& out, const HttpResponse& response, const std::uint64_t* content_length,
                          bool http_1_0) {
  if (response.status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    out += "HTTP/1.1 ";
    append_integer(out, response.status);
    out.append(" ").append(http_reason(response.status)).append("\r\n");
  }
  if (!response.content_type.empty()) {
    out.append("Content-Type: ").append(response.content_type).append("\r\n");
  }
  out += response.fields;
  if (response.status == 204 || response.status == 304) {
    // RFC 9110, 8.6: a length would be that of another answer.
  } else if (content_length != nullptr) {
    out += "Content-Length: ";
    append_integer(out, static_cast<std::int64_t>(*content_length));
    out += "\r\n";
  } else if (!http_1_0) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (response.close) {
    out += "Connection: close\r\n";
  } else if (http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

}  // namespace chiliad::net
