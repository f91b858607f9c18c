#include "hosting/transform_input.h"

#include "aws/json.h"

namespace chiliad::hosting {
namespace {

constexpr std::uint64_t kMaxManifest = std::uint64_t{16} << 20;
constexpr auto kReadTime = std::chrono::seconds(60);

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  aws::JsonLimits limits;
  limits.max_bytes = kMaxManifest;
  Result<aws::Json> json = aws::parse_json(text, limits);
  if (!json) return std::move(json).error().in("manifest");
  const auto wrong = [] {
    return Error{ErrorCode::kInvalid, "manifest: expected [{\"prefix\": \"s3://bucket/start\"}, \"end1\", ...]"};
  };
  if (!json->is_array() || json->empty()) return wrong();
  const std::string* prefix = aws::string_member((*json)[0], "prefix");
  if (prefix == nullptr) return wrong();
  Manifest manifest;
  Result<S3Location> from = parse_s3_uri(*prefix);
  if (!from) return std::move(from).error().in("manifest");
  manifest.prefix = std::move(*from);
  for (std::size_t i = 1; i < json->size(); ++i) {
    const auto* end = (*json)[i].get_ptr<const std::string*>();
    if (end == nullptr) return wrong();
    // The whole key is checked as a location is: an end cannot lead elsewhere.
    Result<S3Location> whole = parse_s3_uri(manifest.prefix.uri() + *end);
    if (!whole) return std::move(whole).error().in("manifest");
    manifest.keys.push_back(std::move(whole->key));
  }
  return manifest;
}

Result<std::unique_ptr<TransformInput>> TransformInput::open(const TransformPlan& plan, store::Buckets& buckets) {
  Result<S3Location> at = parse_s3_uri(plan.input_uri);
  if (!at) return std::move(at).error().in("TransformInput.DataSource.S3DataSource.S3Uri");
  std::unique_ptr<TransformInput> input(new TransformInput());
  if (plan.manifest) {
    if (Result<Done> read = input->read_manifest(buckets, *at); !read) return std::move(read).error();
    return input;
  }
  input->from_ = std::move(*at);
  Result<std::shared_ptr<store::ObjectStore>> store = buckets.open(input->from_.bucket);
  if (!store) return std::move(store).error();
  input->store_ = std::move(*store);
  return input;
}

Result<Done> TransformInput::read_manifest(store::Buckets& buckets, const S3Location& at) {
  const Deadline deadline = std::chrono::steady_clock::now() + kReadTime;
  Result<std::shared_ptr<store::ObjectStore>> store = buckets.open(at.bucket);
  if (!store) return std::move(store).error();
  Result<std::string> text = (*store)->get(at.key, {0, kMaxManifest + 1}, deadline);
  if (!text) return std::move(text).error();
  Result<Manifest> manifest = parse_manifest(*text);
  if (!manifest) return std::move(manifest).error().in(at.uri());
  Result<std::shared_ptr<store::ObjectStore>> data = buckets.open(manifest->prefix.bucket);
  if (!data) return std::move(data).error();
  store_ = std::move(*data);
  from_ = std::move(manifest->prefix);
  keys_.assign(std::make_move_iterator(manifest->keys.begin()), std::make_move_iterator(manifest->keys.end()));
  listing_ = false;
  return Done{};
}

Result<Done> TransformInput::next_page(Deadline deadline) {
  store::ListRequest request;
  request.prefix = from_.key;
  request.token = token_;
  Result<store::ListPage> page = store_->list(request, deadline);
  if (!page) return std::move(page).error();
  for (store::ObjectInfo& object : page->objects) {
    // What a console makes for a folder is no record.
    if (object.size_bytes > 0 || !object.key.ends_with('/')) keys_.push_back(std::move(object.key));
  }
  last_page_ = !page->next_token;
  if (page->next_token) token_ = std::move(*page->next_token);
  return Done{};
}

Result<std::optional<TransformObject>> TransformInput::next(Deadline deadline) {
  while (keys_.empty() && listing_ && !last_page_) {
    if (Result<Done> read = next_page(deadline); !read) return std::move(read).error();
  }
  if (keys_.empty()) return std::optional<TransformObject>();
  TransformObject object;
  object.store = store_;
  object.bucket = from_.bucket;
  object.key = std::move(keys_.front());
  keys_.pop_front();
  const std::size_t slash = from_.key.rfind('/');
  object.relative = slash == std::string::npos ? object.key : object.key.substr(slash + 1);
  return std::optional<TransformObject>(std::move(object));
}

}  // namespace chiliad::hosting
