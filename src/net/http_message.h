// One HTTP/1.1 request and its answer, as values that a connection uses again for the next.
//
// Source: RFC 9110 (HTTP semantics), RFC 9112 (HTTP/1.1).
//
// Thread safety: values; one thread at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::net {

// The status that stands for an error in plain HTTP. Faces that have names of their own (AWS's runtime, S3) map codes
// themselves.
int http_status(ErrorCode code);

// "Not Found". "Unknown" for a number that has no name here.
std::string_view http_reason(int status);

// As names of fields are compared: letters A to Z equal a to z.
bool same_ignoring_case(std::string_view a, std::string_view b);

// Where a request's body goes while it arrives, for bodies that are not kept. Goes away when the request is answered,
// or with its connection: what was begun and not finished is then to be undone by the destructor.
class HttpBody {
 public:
  virtual ~HttpBody() = default;
  // The next bytes of the body, in order, without HTTP's own chunks; on the connection's I/O thread, while other
  // connections of that thread wait. False: the rest is not wanted; the request is handled at once and its connection
  // closes after the answer.
  virtual bool take(std::string_view bytes) = 0;
};

// A piece of an open file as an answer's body. The file must not become shorter while it is sent.
struct HttpFile {
  FileDescriptor descriptor;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

class HttpRequest {
 public:
  std::string_view method() const { return view(method_); }
  // As sent: path and query, still percent-encoded.
  std::string_view target() const { return view(target_); }
  // The target's parts, still percent-encoded: from the first '/' (of "http://host/path" the one behind the host), and
  // what stands behind the first '?'. Either may be empty.
  std::string_view path() const;
  std::string_view query() const;
  // The first field of this name (any case); empty when there is none.
  std::string_view field(std::string_view name) const;
  std::size_t field_count() const { return fields_.size(); }
  // Requires: index < field_count(). In the order sent; the name as sent, the value without blanks at its ends.
  std::string_view field_name(std::size_t index) const { return view(fields_[index].name); }
  std::string_view field_value(std::size_t index) const { return view(fields_[index].value); }

  // Empty for a body that went to an HttpBody. Fields in a chunked body's trailer are read past: they were not there
  // when the head was looked at.
  const std::string& body() const { return body_; }
  // The client's address as text, "127.0.0.1" or "::1"; empty when it was gone before it was seen.
  const std::string& peer() const { return peer_; }
  // It came over TLS.
  bool secure() const { return secure_; }
  std::chrono::steady_clock::time_point received_at() const { return received_at_; }
  bool keep_alive() const { return keep_alive_; }
  bool http_1_0() const { return http_1_0_; }

 private:
  friend class HttpParser;
  friend class HttpConnection;
  struct Piece {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Piece name;
    Piece value;
  };
  std::string_view view(Piece piece) const { return {head_.data() + piece.at, piece.size}; }
  Piece keep(std::string_view text);
  void clear();

  std::string head_;  // The bytes that the pieces point into.
  Piece method_;
  Piece target_;
  std::vector<Field> fields_;
  std::string body_;
  std::chrono::steady_clock::time_point received_at_;
  std::string peer_;
  bool secure_ = false;
  bool keep_alive_ = true;
  bool http_1_0_ = false;
};

struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // A literal: it is not copied. Empty: no such field.
  std::string fields;                                  // Further fields, each "Name: value\r\n"; see add_field().
  std::string body;
  std::shared_ptr<const void> held;  // Dropped when the body has left, or with its connection.
  // Instead of `body`: sent from the file, in pieces, as the client takes them.
  std::shared_ptr<const HttpFile> file;
  // What an answer to HEAD gives as Content-Length; unset: the length of the body that it leaves out.
  std::optional<std::uint64_t> head_content_length;
  bool close = false;  // The connection ends after this answer.

  // A value's control characters become blanks: nobody's input can start a field of its own.
  void add_field(std::string_view name, std::string_view value);
  // Back to the state of a new one, memory kept.
  void clear();
};

// The bytes of the answer's head, appended to `out`. content_length unset: chunked (or, for HTTP/1.0, until the end of
// the connection). 204 and 304 have no body and neither of the two.
void append_response_head(std::string& out, const HttpResponse& response, const std::uint64_t* content_length,
                          bool http_1_0);

}  // namespace chiliad::net
