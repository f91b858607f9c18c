#include "store/object_store.h"

namespace chiliad::store {

Result<std::vector<ObjectInfo>> list_all(ObjectStore& store, std::string_view prefix, Deadline deadline) {
  std::vector<ObjectInfo> objects;
  ListRequest request;
  request.prefix = prefix;
  while (true) {
    Result<ListPage> page = store.list(request, deadline);
    if (!page) return std::move(page).error();
    objects.insert(objects.end(), std::make_move_iterator(page->objects.begin()),
                   std::make_move_iterator(page->objects.end()));
    if (!page->next_token) return objects;
    request.token = std::move(*page->next_token);
  }
}

Result<std::unique_ptr<ObjectStore>> open_store(std::string_view location) {
  constexpr std::string_view kScheme = "s3://";
  if (!location.starts_with(kScheme)) {
    if (location.empty()) return Error{ErrorCode::kInvalid, "open store: the location is empty"};
    return open_folder(std::filesystem::path(location));
  }
  const std::string_view rest = location.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  S3Options options;
  options.bucket = rest.substr(0, slash);
  if (slash != std::string_view::npos) options.prefix = rest.substr(slash + 1);
  if (!options.prefix.empty() && !options.prefix.ends_with('/')) options.prefix += '/';
  return open_s3(std::move(options));
}

}  // namespace chiliad::store
