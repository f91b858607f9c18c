#include "objects/incoming_body.h"

#include <algorithm>

#include "base/number.h"
#include "objects/context.h"

namespace chiliad::objects {
namespace {

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

S3Error wrong_checksum(ChecksumKind kind) {
  return s3_error(S3Code::kBadDigest,
                  "The " + std::string(checksum_name(kind)) + " you specified did not match the calculated checksum.");
}

}  // namespace

bool TextBudget::take(std::size_t bytes) {
  if (taken_.fetch_add(bytes) + bytes <= most_bytes_) return true;
  taken_.fetch_sub(bytes);
  return false;
}

std::variant<BodyCheck, S3Error> BodyCheck::read(const net::HttpRequest& head, const aws::Signature& signature) {
  BodyCheck check;
  auto begun = net::AwsChunkedDecoder::begin(head, signature.claim, signature.key);
  if (const auto* refusal = std::get_if<net::sigv4::Refusal>(&begun)) return from_refusal(*refusal);
  if (auto* decoder = std::get_if<net::AwsChunkedDecoder>(&begun)) {
    check.size_bytes_ = decoder->decoded_bytes();
    check.decoder_ = std::move(*decoder);
    return check;
  }
  const std::string_view hash =
      signature.claim != nullptr ? std::string_view(signature.claim->payload_hash) : head.field("x-amz-content-sha256");
  if (is_sha256(hash)) {
    check.expected_sha256_ = hash;
    check.sha256_.emplace();
  }
  if (const std::optional<std::int64_t> size = parse_integer(head.field("content-length")); size && *size >= 0)
    check.size_bytes_ = static_cast<std::uint64_t>(*size);
  return check;
}

IncomingBody::IncomingBody(BodyCheck check, Announced announced, store::Upload upload)
    : check_(std::move(check)), announced_(std::move(announced)), upload_(std::move(upload)) {}

IncomingBody::IncomingBody(BodyCheck check, Announced announced, std::size_t max_bytes, TextBudget& budget)
    : check_(std::move(check)), announced_(std::move(announced)), max_bytes_(max_bytes), budget_(&budget) {}

IncomingBody::~IncomingBody() {
  if (budget_ != nullptr) budget_->give_back(budgeted_);
}

bool IncomingBody::take(std::string_view bytes) {
  if (error_) return false;
  if (!check_.decoder_) return put(bytes);
  while (!bytes.empty() && check_.decoder_->refusal() == nullptr)
    if (!put(check_.decoder_->take(bytes))) return false;
  return check_.decoder_->refusal() == nullptr;
}

bool IncomingBody::put(std::string_view payload) {
  if (payload.empty()) return true;
  if (check_.sha256_) check_.sha256_->update(payload);
  if (upload_) {
    store::Outcome<Done> written = upload_->write(payload);
    if (!written) error_ = from_failure(written.failure());
  } else if (text_.size() + payload.size() > max_bytes_) {
    error_ = s3_error(S3Code::kMalformedXml, "The XML you provided is longer than this operation takes.");
  } else if (!budget_->take(payload.size())) {
    error_ = s3_error(S3Code::kSlowDown);
  } else {
    budgeted_ += payload.size();
    text_.append(payload);
  }
  return !error_;
}

std::optional<S3Error> IncomingBody::end() {
  if (error_) return error_;
  if (check_.decoder_) {
    if (const auto* refusal = check_.decoder_->finish()) return from_refusal(*refusal);
    if (announced_.kind && !announced_.value) {
      const std::string field = checksum_field(*announced_.kind);
      for (const auto& [name, text] : check_.decoder_->trailer()) {
        if (name != field) continue;
        auto value = read_checksum(*announced_.kind, text);
        if (auto* error = std::get_if<S3Error>(&value)) return std::move(*error);
        announced_.value = std::get<0>(value);
      }
    }
  }
  if (announced_.kind && !announced_.value)
    return s3_error(S3Code::kInvalidRequest, "The trailer that x-amz-trailer announces did not come");
  if (check_.sha256_) {
    const std::string computed = hex(check_.sha256_->finish());
    if (!net::same_ignoring_case(computed, check_.expected_sha256_)) {
      S3Error error = s3_error(S3Code::kContentSha256Mismatch, "ClientComputedContentSHA256", check_.expected_sha256_);
      error.details.emplace_back("S3ComputedContentSHA256", computed);
      return error;
    }
  }
  if (upload_) return std::nullopt;
  if (announced_.md5 && checksum_of(ChecksumKind::kMd5, text_) != *announced_.md5) return s3_error(S3Code::kBadDigest);
  if (announced_.value && checksum_of(*announced_.kind, text_) != *announced_.value)
    return wrong_checksum(*announced_.kind);
  return std::nullopt;
}

store::Upload IncomingBody::take_upload() { return std::move(*upload_); }

}  // namespace chiliad::objects
