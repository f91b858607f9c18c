#include "job/results.h"

#include <unordered_set>

#include "archive/tar_gz_file.h"
#include "job/download.h"
#include "job/folder_scan.h"
#include "job/folder_sync.h"
#include "job/location.h"
#include "job/parallel.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;

struct Chosen {
  const fs::path* root;
  FoundFile file;
};

Result<std::vector<Chosen>> choose(const std::vector<fs::path>& roots, std::string_view folder, StoredResult& result) {
  std::vector<Chosen> chosen;
  std::unordered_set<std::string> names;
  for (const fs::path& root : roots) {
    Result<FolderFiles> found = scan_folder(root, folder);
    if (!found) return std::move(found).error();
    for (std::string& message : found->left_out) result.notes.push_back(std::move(message));
    for (FoundFile& file : found->files) {
      if (names.insert(file.name).second) {
        chosen.push_back({&root, std::move(file)});
      } else {
        result.notes.push_back(shown(file.name) + ": another instance has a file of this name");
      }
    }
  }
  return chosen;
}

}  // namespace

Result<StoredResult> store_result(const Spec& spec, const std::vector<fs::path>& roots, const fs::path& work,
                                  std::string_view folder, std::string_view name, bool even_empty,
                                  store::ObjectStore& store, const std::string& bucket, const std::string& prefix,
                                  std::uint64_t free_bytes, Deadline deadline) {
  StoredResult result;
  Result<std::vector<Chosen>> chosen = choose(roots, folder, result);
  if (!chosen) return std::move(chosen).error();
  if (chosen->empty() && !even_empty) return result;
  std::uint64_t bytes = 0;
  for (const Chosen& one : *chosen) bytes += one.file.stamp.size_bytes;
  // Each instance has a volume.
  if (Result<Done> size = check_size_to_store(bytes, spec.volume_size_gb * spec.instance_count); !size)
    return std::move(size).error().in(folder);
  const std::string output = join_key(join_key(prefix, spec.name), "output");

  if (!spec.compress_output) {
    const std::string below = join_key(output, name == "model" ? "model" : "data");
    Result<Done> done = each_in_parallel(chosen->size(), kUploads, [&](std::size_t i) -> Result<Done> {
      const Chosen& one = (*chosen)[i];
      Result<OpenedFile> file = open_found(*one.root, folder, one.file.name);
      if (!file) return std::move(file).error();
      Result<store::ObjectInfo> info = store.upload(file->path(), join_key(below, one.file.name), deadline);
      if (!info) return std::move(info).error();
      return Done{};
    });
    if (!done) return std::move(done).error();
    result.uri = s3_uri(bucket, below) + "/";
    return result;
  }

  if (Result<Done> free = check_free_disk(work, bytes, free_bytes); !free) return std::move(free).error();
  const fs::path path = work / (std::string(name) + ".tar.gz");
  Result<archive::TarGzFile> tar = archive::TarGzFile::create(path);
  if (!tar) return std::move(tar).error();
  for (const Chosen& one : *chosen) {
    Result<OpenedFile> file = open_found(*one.root, folder, one.file.name);
    if (!file) return std::move(file).error();
    Result<Done> added = tar->add(one.file.name, file->file, file->stamp.size_bytes, one.file.mode);
    if (!added) return std::move(added).error();
  }
  if (Result<Done> done = tar->finish(); !done) return std::move(done).error();
  const std::string key = join_key(output, std::string(name) + ".tar.gz");
  if (Result<store::ObjectInfo> info = store.upload(path, key, deadline); !info) return std::move(info).error();
  std::error_code ignored;
  fs::remove(path, ignored);
  result.uri = s3_uri(bucket, key);
  return result;
}

}  // namespace chiliad::job
