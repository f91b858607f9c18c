// One HTTP/1.1 request and its answer, as values that a connection uses again for the next.
//
// Source: RFC 9110 (HTTP semantics), RFC 9112 (HTTP/1.1).
//
// Thread safety: values; one thread at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::net {

// The status that stands for an error in plain HTTP. Faces that have names of their own (AWS's runtime, S3) map codes
// themselves.
int http_status(ErrorCode code);

// "Not Found". "Unknown" for a number that has no name here.
std::string_view http_reason(int status);

// As names of fields are compared: letters A to Z equal a to z.
bool same_ignoring_case(std::string_view a, std::string_view b);

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

  const std::string& body() const { return body_; }
  std::chrono::steady_clock::time_point received_at() const { return received_at_; }
  bool keep_alive() const { return keep_alive_; }
  bool http_1_0() const { return http_1_0_; }

 private:
  friend class HttpParser;
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
  bool keep_alive_ = true;
  bool http_1_0_ = false;
};

struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // A literal: it is not copied. Empty: no such field.
  std::string fields;                                  // Further fields, each "Name: value\r\n"; see add_field().
  std::string body;
  bool close = false;  // The connection ends after this answer.

  // A value's control characters become blanks: nobody's input can start a field of its own.
  void add_field(std::string_view name, std::string_view value);
  // Back to the state of a new one, memory kept.
  void clear();
};

// The bytes of the answer's head, appended to `out`. content_length unset: chunked (or, for HTTP/1.0, until the end of
// the connection).
void append_response_head(std::string& out, const HttpResponse& response, const std::size_t* content_length,
                          bool http_1_0);

}  // namespace chiliad::net
