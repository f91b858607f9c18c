#include "job/input_plan.h"

#include <algorithm>

#include "job/location.h"
#include "job/manifest.h"
#include "store/buckets.h"
#include "store/key.h"

namespace chiliad::job {
namespace {

// Where the name begins in a key under this prefix.
std::size_t name_start(std::string_view prefix, std::string_view key) {
  if (key.size() > prefix.size() && key[prefix.size()] == '/') return prefix.size() + 1;
  const std::size_t slash = prefix.rfind('/');
  return slash == std::string_view::npos ? 0 : slash + 1;
}

Error no_objects(const Input& input) {
  return {ErrorCode::kInvalid, "no objects found under '" + shown(input.s3_uri) +
                                   "': expected that the bucket exists and holds keys that begin so"};
}

Result<Done> list_prefix(const Input& input, const std::string& prefix, PlannedInput& plan, std::uint64_t max_keys,
                         const std::atomic<bool>& cancel, Deadline deadline) {
  store::ListRequest request;
  request.prefix = prefix;
  while (true) {
    if (cancel.load()) return Error{ErrorCode::kUnavailable, "the job is being stopped"};
    Result<store::ListPage> page = plan.store->list(request, deadline);
    if (!page) return std::move(page).error();
    if (page->left_out)
      return Error{ErrorCode::kInvalid,
                   "key '" + shown(*page->left_out) + "': " + std::string(store::wrong_with_key(*page->left_out))};
    for (store::ObjectInfo& object : page->objects) {
      if (object.key.ends_with('/')) continue;
      if (plan.objects.size() >= max_keys) {
        return Error{ErrorCode::kTooLarge,
                     "more than " + std::to_string(max_keys) + " objects under '" + shown(input.s3_uri) + "'"};
      }
      const std::size_t at = name_start(prefix, object.key);
      if (const std::string_view wrong = wrong_with_file_name(std::string_view(object.key).substr(at)); !wrong.empty())
        return Error{ErrorCode::kInvalid, "key '" + shown(object.key) + "': " + std::string(wrong)};
      plan.objects.push_back({std::move(object.key), static_cast<std::uint32_t>(at), object.size_bytes});
    }
    if (!page->next_token) break;
    request.token = *page->next_token;
  }
  if (plan.objects.empty()) return no_objects(input);
  return Done{};
}

Result<Done> read_manifest(const std::string& key, PlannedInput& plan, store::Buckets& buckets, std::uint64_t max_keys,
                           Deadline deadline) {
  Result<store::ObjectInfo> info = plan.store->head(key, deadline);
  if (!info) return std::move(info).error().in("manifest");
  if (info->size_bytes > kMaxManifestBytes) {
    return Error{ErrorCode::kTooLarge,
                 "manifest '" + shown(key) + "': more than " + std::to_string(kMaxManifestBytes >> 20) + " MiB"};
  }
  Result<std::string> text = plan.store->get(key, {0, kMaxManifestBytes + 1}, deadline);
  if (!text) return std::move(text).error().in("manifest");
  Result<Manifest> manifest = parse_manifest(*text, max_keys);
  if (!manifest) return std::move(manifest).error();
  if (manifest->names.empty()) return Error{ErrorCode::kInvalid, "manifest '" + shown(key) + "': names no object"};
  if (manifest->prefix.bucket != plan.bucket) {
    Result<std::shared_ptr<store::ObjectStore>> other = buckets.open(manifest->prefix.bucket);
    if (!other) return std::move(other).error().in("manifest's prefix");
    plan.store = *std::move(other);
    plan.bucket = manifest->prefix.bucket;
  }
  // As SageMaker does it: the prefix and the name are put together without a '/' of our own.
  for (const std::string& name : manifest->names) {
    plan.objects.push_back({manifest->prefix.key + name, static_cast<std::uint32_t>(manifest->prefix.key.size()),
                            PlannedObject::kUnknown});
  }
  // "keys sorted by their bytes" holds for manifests as well, so that a shard does not depend on who wrote the list.
  std::ranges::sort(plan.objects, {}, &PlannedObject::key);
  return Done{};
}

Result<Done> find_augmented_manifest(const std::string& key, const Input& input, PlannedInput& plan,
                                     Deadline deadline) {
  Result<store::ObjectInfo> info = plan.store->head(key, deadline);
  if (!info) return std::move(info).error().in("manifest");
  plan.objects.push_back({key, 0, info->size_bytes});
  plan.attributes = input.attributes;
  return Done{};
}

}  // namespace

Result<std::string> input_folder(Kind kind, const Input& input) {
  if (kind == Kind::kProcessing) return below_root(input.local_path);
  if (input.name.empty() || input.name.size() > 64 || input.name == "." || input.name == ".." ||
      !std::ranges::all_of(input.name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_';
      })) {
    return Error{ErrorCode::kInvalid, "ChannelName '" + shown(input.name) + "': expected 1 to 64 of A-Z a-z 0-9 . - _"};
  }
  return "input/data/" + input.name;
}

Result<PlannedInput> plan_input(Kind kind, const Input& input, store::Buckets& buckets, std::uint64_t max_keys,
                                const std::atomic<bool>& cancel, Deadline deadline) {
  const std::string what = (kind == Kind::kTraining ? "channel " : "input ") + shown(input.name);
  Result<std::string> folder = input_folder(kind, input);
  if (!folder) return std::move(folder).error().in(what);
  Result<S3Location> location = parse_s3_uri(input.s3_uri);
  if (!location) return std::move(location).error().in(what);
  Result<std::shared_ptr<store::ObjectStore>> store = buckets.open(location->bucket);
  if (!store) return std::move(store).error().in(what);
  PlannedInput plan;
  plan.name = input.name;
  plan.folder = *std::move(folder);
  plan.distribution = input.distribution;
  plan.gzip = input.gzip;
  plan.mode = input_mode_of(input.input_mode).value_or(InputMode::kFile);
  plan.record_io = input.record_wrapper == "RecordIO";
  plan.shuffle_seed = input.shuffle_seed;
  plan.bucket = location->bucket;
  plan.store = *std::move(store);
  Result<Done> done = Done{};
  switch (input.data_type) {
    case DataType::kManifestFile: done = read_manifest(location->key, plan, buckets, max_keys, deadline); break;
    case DataType::kS3Prefix: done = list_prefix(input, location->key, plan, max_keys, cancel, deadline); break;
    case DataType::kAugmentedManifestFile: done = find_augmented_manifest(location->key, input, plan, deadline); break;
  }
  if (!done) return std::move(done).error().in(what);
  return plan;
}

}  // namespace chiliad::job
