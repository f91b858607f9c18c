// Read event by event (nlohmann's SAX interface): a manifest of a million names costs its names and no tree of values.

#include "job/manifest.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

namespace chiliad::job {
namespace {

using Json = nlohmann::json;

// Called by the parser; false ends the parsing, and error_ says why.
class Reader {
 public:
  Reader(Manifest& manifest, std::uint64_t max_names) : manifest_(manifest), max_names_(max_names) {}

  bool null() { return unexpected("null"); }
  bool boolean(bool /*value*/) { return unexpected("a boolean"); }
  bool number_integer(std::int64_t /*value*/) { return unexpected("a number"); }
  bool number_unsigned(std::uint64_t /*value*/) { return unexpected("a number"); }
  bool number_float(double /*value*/, const std::string& /*text*/) { return unexpected("a number"); }
  bool binary(Json::binary_t& /*value*/) { return unexpected("bytes"); }

  bool string(std::string& value) {
    if (at_ == At::kPrefixValue) return take_prefix(value);
    if (at_ == At::kNames) return take_name(value);
    return unexpected("a string");
  }
  bool start_array(std::size_t /*size*/) { return move(At::kStart, At::kFirst, "an array"); }
  bool end_array() {
    if (at_ != At::kNames) return fail("expected {\"prefix\": \"s3://...\"} as the first entry");
    at_ = At::kEnd;
    return true;
  }
  bool start_object(std::size_t /*size*/) { return move(At::kFirst, At::kPrefixKey, "an object"); }
  bool key(std::string& name) {
    if (at_ == At::kPrefixKey && name == "prefix") return move(At::kPrefixKey, At::kPrefixValue, "a key");
    return fail("expected just the member \"prefix\" in the first entry, found '" + shown(name) + "'");
  }
  bool end_object() {
    return at_ == At::kPrefixEnd ? move(At::kPrefixEnd, At::kNames, "") : fail("the first entry lacks \"prefix\"");
  }
  bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::detail::exception& /*error*/) {
    return fail("no JSON at byte " + std::to_string(position));
  }

  Error error() && { return std::move(error_); }

 private:
  enum class At : std::uint8_t { kStart, kFirst, kPrefixKey, kPrefixValue, kPrefixEnd, kNames, kEnd };

  bool fail(std::string message, ErrorCode code = ErrorCode::kInvalid) {
    error_ = {code, "manifest: " + std::move(message)};
    return false;
  }
  bool unexpected(std::string_view what) {
    return fail("entry " + std::to_string(manifest_.names.size() + (at_ == At::kNames ? 1 : 0)) + ": expected " +
                (at_ == At::kNames   ? "a relative name"
                 : at_ == At::kStart ? "an array"
                                     : "{\"prefix\": \"s3://...\"} as the first entry") +
                ", found " + std::string(what));
  }
  bool move(At from, At to, std::string_view what) {
    if (at_ != from) return unexpected(what);
    at_ = to;
    return true;
  }
  bool take_prefix(const std::string& value) {
    Result<S3Location> prefix = parse_s3_uri(value);
    if (!prefix) return fail("prefix " + prefix.error().message);
    manifest_.prefix = *std::move(prefix);
    at_ = At::kPrefixEnd;
    return true;
  }
  bool take_name(std::string& value) {
    const auto entry = [&] {
      return "entry " + std::to_string(manifest_.names.size() + 1) + " '" + shown(value) + "': ";
    };
    if (manifest_.names.size() >= max_names_)
      return fail("more than " + std::to_string(max_names_) + " names", ErrorCode::kTooLarge);
    if (const std::string_view wrong = wrong_with_file_name(value); !wrong.empty())
      return fail(entry() + std::string(wrong));
    manifest_.names.push_back(std::move(value));
    return true;
  }

  Manifest& manifest_;
  const std::uint64_t max_names_;
  At at_ = At::kStart;
  Error error_{ErrorCode::kInvalid, "manifest: no JSON"};
};

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, std::uint64_t max_names) {
  if (text.size() > kMaxManifestBytes) {
    return Error{ErrorCode::kTooLarge, "manifest: more than " + std::to_string(kMaxManifestBytes >> 20) +
                                           " MiB: split it over several inputs"};
  }
  Manifest manifest;
  Reader reader(manifest, max_names);
  if (!Json::sax_parse(text.begin(), text.end(), &reader)) return std::move(reader).error();
  std::unordered_set<std::string_view> seen;
  seen.reserve(manifest.names.size());
  for (const std::string& name : manifest.names) {
    if (!seen.insert(name).second) return Error{ErrorCode::kInvalid, "manifest: '" + shown(name) + "' comes twice"};
  }
  return manifest;
}

}  // namespace chiliad::job
