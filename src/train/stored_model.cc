#include "train/stored_model.h"

#include <algorithm>

#include "archive/archive.h"
#include "forecast/stored_form.h"
#include "prepare/customer_file.h"

namespace chiliad::train {
namespace {

// Histories compress to a tenth or so; what promises more is a file made to fill the memory.
constexpr std::uint64_t kMostCompressed = 200;
constexpr std::uint64_t kAlwaysAllowed = std::uint64_t{64} << 20;

archive::ReadLimits limits_of(std::string_view bytes) {
  return {.max_total_bytes = std::min(2 * kMostStored, std::max(kAlwaysAllowed, bytes.size() * kMostCompressed))};
}

}  // namespace

Result<std::vector<std::string>> list_models(store::ObjectStore& models) {
  std::vector<std::string> names;
  store::ListRequest request;
  while (true) {
    Result<store::ListPage> page = models.list(request, std::chrono::steady_clock::now() + std::chrono::minutes(5));
    if (!page) return std::move(page).error();
    for (const store::ObjectInfo& object : page->objects) {
      if (object.key.size() > kArchiveSuffix.size() && object.key.ends_with(kArchiveSuffix))
        names.push_back(object.key.substr(0, object.key.size() - kArchiveSuffix.size()));
    }
    if (!page->next_token) return names;
    request.token = *page->next_token;
  }
}

std::string customer_of(std::string_view name) {
  Result<std::string> id = prepare::decode_customer_id(name);
  return id ? *std::move(id) : std::string(name);
}

Result<forecast::FittedModel> read_stored_model(std::string_view bytes, forecast::KeepHistory keep) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  // JSON begins with a brace, or with a quote where an old Prophet wrote JSON within JSON.
  if (first != std::string_view::npos && (bytes[first] == '{' || bytes[first] == '"'))
    return forecast::model_from_json(bytes, keep);
  Result<std::string> json = archive::read_member(bytes, "model.json", limits_of(bytes));
  if (!json) return std::move(json).error();
  return forecast::model_from_json(*json, keep);
}

Result<StoredArchive> read_stored_archive(std::string_view bytes, forecast::KeepHistory keep) {
  Result<std::vector<archive::Member>> members = archive::read_archive(bytes, limits_of(bytes));
  if (!members) return std::move(members).error();
  const auto json = std::ranges::find(*members, "model.json", &archive::Member::name);
  if (json == members->end()) return Error{ErrorCode::kNotFound, "the archive has no model.json"};
  Result<forecast::FittedModel> model = forecast::model_from_json(json->bytes, keep, forecast::KeepStatistics::kYes);
  if (!model) return std::move(model).error();
  members->erase(json);
  return StoredArchive{*std::move(model), *std::move(members)};
}

Result<std::string> get_stored(store::ObjectStore& models, const std::string& key, Deadline deadline) {
  Result<std::string> bytes = models.get(key, {.length = kMostStored + 1}, deadline);
  if (bytes && bytes->size() > kMostStored)
    return Error{ErrorCode::kTooLarge, key + ": larger than the limit of " + std::to_string(kMostStored) + " bytes"};
  return bytes;
}

Result<forecast::FittedModel> load_model(store::ObjectStore& models, const std::string& name,
                                         forecast::KeepHistory keep, Deadline deadline) {
  const std::string key = name + std::string(kArchiveSuffix);
  Result<std::string> bytes = get_stored(models, key, deadline);
  if (!bytes) return std::move(bytes).error();
  Result<forecast::FittedModel> model = read_stored_model(*bytes, keep);
  if (!model) return std::move(model).error().in(key);
  return model;
}

std::vector<std::string> columns_of_models(store::ObjectStore& models, Deadline deadline) {
  int tries = 20;
  const Result<store::ListPage> page = models.list({}, deadline);
  if (!page) return {};
  for (const store::ObjectInfo& object : page->objects) {
    if (!object.key.ends_with(kArchiveSuffix)) continue;
    const std::string name = object.key.substr(0, object.key.size() - kArchiveSuffix.size());
    const Result<forecast::FittedModel> model = load_model(models, name, forecast::KeepHistory::kNo, deadline);
    if (model) return forecast::needed_columns(model->state());
    if (--tries == 0) break;
  }
  return {};
}

}  // namespace chiliad::train
