// ArchiveFolder: a folder of model archives as train() wants its store, made for folders that come and go: checkpoints
// are brought back by a copy, so neither time nor inode says whether an archive is the one that was recorded.
//
// Two differences from open_folder(): the ETag of an archive is the hash of its bytes; and putting bytes that are there
// already leaves the file alone, so that nothing is sent to the object store which it has.
//
// Thread safety: as ObjectStore.

#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "store/object_store.h"

namespace chiliad::algorithm {

// Errors: as store::open_folder().
Result<std::unique_ptr<store::ObjectStore>> open_archive_folder(const std::filesystem::path& folder);

}  // namespace chiliad::algorithm
