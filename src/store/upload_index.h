// The index's rows of multipart uploads and their parts.
//
// Upload ids begin with the time of their start in hex: by key and id is by key and time.
//
// Thread safety: as the connection's.

#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sql/database.h"
#include "store/bucket_index.h"

namespace chiliad::store {

struct UploadRow {
  UploadInfo info;
  Pairs headers = {};
  Pairs tags = {};
};

struct PartRow {
  PartInfo info;
  std::uint64_t generation = 0;
};

std::string new_upload_id(Instant now);

Result<Done> insert_upload(sql::Database& index, std::int64_t bucket, const UploadRow& row);
Result<std::optional<UploadRow>> find_upload(sql::Database& index, std::int64_t bucket, std::string_view key,
                                             std::string_view id);
// With its parts' rows.
Result<Done> delete_upload(sql::Database& index, std::int64_t bucket, std::string_view key, std::string_view id);
Result<UploadPage> list_upload_rows(sql::Database& index, std::int64_t bucket, const UploadQuery& query);

// By number, those after `after`. `kind`: the upload's.
Result<std::vector<PartRow>> read_parts(sql::Database& index, const UploadInfo& upload, int after, int most);
Result<std::optional<PartRow>> find_part(sql::Database& index, const UploadInfo& upload, int number);
Result<Done> write_part(sql::Database& index, std::string_view upload_id, const PartRow& row);
Result<bool> has_part_of_generation(sql::Database& index, std::uint64_t generation);

}  // namespace chiliad::store
