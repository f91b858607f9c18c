#include "net/aws_chunked.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace chiliad::net {
namespace {

constexpr std::size_t kLongestLine = 256;
constexpr std::size_t kLongestTrailer = 4096;
constexpr std::string_view kChunkSignature = ";chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";
constexpr std::string_view kLineEnd = "\r\n";

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// "x-amz-checksum-crc32, x-amz-checksum-sha1": names in lower case, each once.
std::vector<std::string> names_of(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string name = lower_case(trimmed(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

AwsChunkedDecoder::Begun AwsChunkedDecoder::begin(const HttpRequest& head, const sigv4::SignatureClaim* claim,
                                                  const sigv4::SigningKey* key) {
  const std::string_view form = claim != nullptr ? claim->payload_hash : head.field("x-amz-content-sha256");
  AwsChunkedDecoder decoder;
  if (form == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
    decoder.is_signed_ = true;
  } else if (form == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") {
    decoder.is_signed_ = decoder.has_trailer_ = true;
  } else if (form == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    decoder.has_trailer_ = true;
  } else {
    return std::monostate();
  }
  const std::optional<std::uint64_t> size = number(head.field("x-amz-decoded-content-length"), 10);
  if (!size) {
    return Refusal{Refusal::Reason::kBody, 411, "MissingContentLength",
                   "You must provide the x-amz-decoded-content-length HTTP header: the bytes of the body without its "
                   "chunks' frame."};
  }
  decoder.decoded_bytes_ = *size;
  if (decoder.has_trailer_) decoder.announced_ = names_of(head.field("x-amz-trailer"));
  if (decoder.is_signed_ && claim != nullptr && key != nullptr) {
    decoder.signing_ = Signing{*key, claim->scope.timestamp() + "\n" + claim->scope.text() + "\n", claim->signature};
  }
  return decoder;
}

void AwsChunkedDecoder::refuse(int status, std::string_view code, std::string message) {
  if (!refusal_) {
    const auto reason = code == "SignatureDoesNotMatch" ? Refusal::Reason::kMismatch : Refusal::Reason::kBody;
    refusal_ = Refusal{reason, status, code, std::move(message)};
  }
}

std::string_view AwsChunkedDecoder::take(std::string_view& bytes) {
  while (!bytes.empty() && !refusal_) {
    if (expect_ == Expect::kPayload) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_in_chunk_));
      const std::string_view payload = bytes.substr(0, size);
      bytes.remove_prefix(size);
      left_in_chunk_ -= size;
      if (chunk_hash_) chunk_hash_->update(payload);
      if (left_in_chunk_ == 0) expect_ = Expect::kPayloadEnd;
      return payload;
    }
    if (expect_ == Expect::kNothing) {
      refuse(400, "IncompleteBody", "There are bytes behind the end of the aws-chunked body");
      break;
    }
    if (!take_line(bytes)) break;
    switch (expect_) {
      case Expect::kChunkHead: on_chunk_head(); break;
      case Expect::kPayloadEnd: on_payload_end(); break;
      case Expect::kTrailer: on_trailer_line(); break;
      case Expect::kLastLine:
        if (line_ != kLineEnd) refuse(400, "IncompleteBody", "The aws-chunked body does not end with an empty line");
        expect_ = Expect::kNothing;
        break;
      case Expect::kPayload:
      case Expect::kNothing: break;
    }
    line_.clear();
  }
  return {};
}

// True when line_ holds a whole line with its end.
bool AwsChunkedDecoder::take_line(std::string_view& bytes) {
  const std::size_t limit = expect_ == Expect::kPayloadEnd || expect_ == Expect::kLastLine ? kLineEnd.size()
                            : expect_ == Expect::kTrailer                                  ? kLongestTrailer
                                                                                           : kLongestLine;
  const std::size_t end = bytes.find('\n');
  const std::size_t size = end == std::string_view::npos ? bytes.size() : end + 1;
  if (line_.size() + size > limit) {
    refuse(400, "IncompleteBody", fmt::format("A line of the aws-chunked frame is longer than {} bytes", limit));
    return false;
  }
  line_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return end != std::string_view::npos;
}

void AwsChunkedDecoder::on_chunk_head() {
  std::string_view head = line_;
  std::optional<std::uint64_t> size;
  if (head.ends_with(kLineEnd)) {
    head.remove_suffix(kLineEnd.size());
    const std::size_t digits = std::min(head.find(';'), head.size());
    size = number(head.substr(0, digits), 16);
    head.remove_prefix(digits);
  }
  if (is_signed_ && head.starts_with(kChunkSignature)) {
    chunk_signature_ = head.substr(kChunkSignature.size());
    head = {};
  } else if (is_signed_) {
    size.reset();
  }
  if (!size || !head.empty()) {
    refuse(400, "IncompleteBody",
           is_signed_ ? "A chunk must begin with its size in hexadecimal and ;chunk-signature="
                      : "A chunk must begin with its size in hexadecimal");
    return;
  }
  if (*size > decoded_bytes_ - taken_ || (*size == 0 && taken_ < decoded_bytes_)) {
    refuse(400, "IncompleteBody",
           fmt::format("The chunks hold {} bytes than the {} of x-amz-decoded-content-length",
                       *size > 0 ? "more" : "fewer", decoded_bytes_));
    return;
  }
  taken_ += *size;
  left_in_chunk_ = *size;
  if (signing_) chunk_hash_.emplace();
  expect_ = Expect::kPayload;
  if (*size > 0) return;
  on_payload_end();
  expect_ = has_trailer_ ? Expect::kTrailer : Expect::kLastLine;
}

// A chunk's payload has been taken: its end, and whether it was signed so.
void AwsChunkedDecoder::on_payload_end() {
  if (expect_ == Expect::kPayloadEnd && line_ != kLineEnd) {
    refuse(400, "IncompleteBody", "A chunk is longer than its size says");
    return;
  }
  expect_ = Expect::kChunkHead;
  if (!signing_) return;
  static const std::string kEmptyHash = hex(sha256(""));
  check("AWS4-HMAC-SHA256-PAYLOAD", kEmptyHash + "\n" + hex(chunk_hash_->finish()), chunk_signature_);
  chunk_hash_.reset();
}

void AwsChunkedDecoder::on_trailer_line() {
  trailer_bytes_ += line_.size();
  if (trailer_bytes_ > kLongestTrailer) {
    refuse(400, "MalformedTrailerError", fmt::format("The trailer is longer than {} bytes", kLongestTrailer));
    return;
  }
  std::string_view line = line_;
  line.remove_suffix(1);
  line = trimmed(line);
  if (line.empty()) {
    // AWS's document writes an empty line before the signature too.
    if (!is_signed_ || trailer_signed_) end_trailer();
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || trailer_signed_) {
    refuse(400, "MalformedTrailerError", "The trailer must be lines of name:value, the signature last");
    return;
  }
  std::string name = lower_case(trimmed(line.substr(0, colon)));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (is_signed_ && name == kTrailerSignature) {
    on_trailer_signature(value);
    return;
  }
  const auto same = [&](const auto& field) { return field.first == name; };
  if (std::find(announced_.begin(), announced_.end(), name) == announced_.end() ||
      std::any_of(trailer_.begin(), trailer_.end(), same)) {
    refuse(400, "MalformedTrailerError", "The trailer has a field twice, or one that x-amz-trailer does not announce");
    return;
  }
  trailer_.emplace_back(std::move(name), value);
}

void AwsChunkedDecoder::on_trailer_signature(std::string_view signature) {
  trailer_signed_ = true;
  if (!signing_) return;
  std::string text;
  for (const auto& [name, value] : trailer_) text.append(name).append(":").append(value).append("\n");
  check("AWS4-HMAC-SHA256-TRAILER", hex(sha256(text)), signature);
}

void AwsChunkedDecoder::end_trailer() {
  if (trailer_.size() != announced_.size()) {
    refuse(400, "MalformedTrailerError", "The trailer lacks a field that x-amz-trailer announces");
  }
  expect_ = Expect::kNothing;
}

void AwsChunkedDecoder::check(std::string_view algorithm, const std::string& hashes, std::string_view signature) {
  std::string to_sign(algorithm);
  to_sign.append("\n").append(signing_->scope).append(signing_->before).append("\n").append(hashes);
  signing_->before = signing_->key.sign(to_sign);
  if (equal_in_constant_time(signing_->before, signature)) return;
  refuse(403, "SignatureDoesNotMatch",
         "The chunk or trailer signature we calculated does not match the signature you provided.");
}

const AwsChunkedDecoder::Refusal* AwsChunkedDecoder::finish() {
  if (expect_ != Expect::kNothing) {
    refuse(400, "IncompleteBody", "The aws-chunked body ends before its last chunk and trailer");
  }
  return refusal();
}

}  // namespace chiliad::net
