// The files of a bucket store: bytes on their way in, parts, and objects at their places; each move is one rename.
//
//   root/<bucket>/<path>            objects (key_place.h)
//   root/.chiliad/new/<generation>  bytes that are no object yet, or not yet at their place
//   root/.chiliad/part/<generation> parts of multipart uploads
//
// A generation is a number that no other file of the store has had; it is also the modification time (ns) that a
// finished file is given, by which a reader knows that a file belongs to a row of the index.
//
// No symbolic link below a bucket is followed.
//
// Thread safety: safe from any thread, but choose_place, move_into_place, remove and remove_bucket_folder belong to the
// one thread that changes the tree.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "store/key_place.h"

namespace chiliad::store {

inline constexpr std::string_view kOwnFolder = ".chiliad";

// What tells one state of a file from another.
struct FileStamp {
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

class BucketFiles {
 public:
  // Makes the folders. Errors: as system_error().
  static Result<BucketFiles> open(const std::filesystem::path& root);

  const std::filesystem::path& root() const { return root_; }
  static std::uint64_t new_generation();

  // ---- Bytes on their way
  std::filesystem::path new_path(std::uint64_t generation) const;
  std::filesystem::path part_path(std::uint64_t generation) const;
  Result<FileDescriptor> create_new(std::uint64_t generation) const;
  Result<FileDescriptor> create_part(std::uint64_t generation) const;
  // Gives the file its generation as its modification time; the stamp that the file system made of it.
  Result<FileStamp> finish(const FileDescriptor& file, std::uint64_t generation,
                           const std::filesystem::path& path) const;
  // A second name of a part's file among the new ones. Errors: kInvalid: the file system has no hard links.
  Result<Done> link_part(std::uint64_t part_generation, std::uint64_t generation) const;
  void remove_new(std::uint64_t generation) const;
  void remove_part(std::uint64_t generation) const;
  bool has_new(std::uint64_t generation) const;
  // The generations of all files there; files of other names are removed.
  Result<std::vector<std::uint64_t>> list_new() const;
  Result<std::vector<std::uint64_t>> list_parts() const;

  // ---- Objects
  std::filesystem::path object_path(std::string_view bucket, std::string_view key, Place place) const;
  // A plain file. Errors: kNotFound also for anything else.
  Result<FileDescriptor> open_object(std::string_view bucket, std::string_view key, Place place) const;
  // Errors: kNotFound as above.
  Result<FileStamp> stat_object(std::string_view bucket, std::string_view key, Place place) const;
  // Where a new key goes; makes the folders above it.
  Result<Place> choose_place(std::string_view bucket, std::string_view key) const;
  // Errors: kInvalid: something that is no file stands there.
  Result<Done> move_into_place(std::uint64_t generation, std::string_view bucket, std::string_view key,
                               Place place) const;
  // The file, if there is one, and the folders that are empty without it.
  Result<Done> remove(std::string_view bucket, std::string_view key, Place place) const;
  Result<Done> make_bucket_folder(std::string_view bucket) const;
  // With the empty folders in it. Errors: kConflict: there are files in it.
  Result<Done> remove_bucket_folder(std::string_view bucket) const;
  // Folders of the root whose names buckets can have.
  Result<std::vector<std::string>> list_bucket_folders() const;

 private:
  BucketFiles(std::filesystem::path root, FileDescriptor store, FileDescriptor fresh, FileDescriptor parts);

  std::filesystem::path root_;
  FileDescriptor store_;  // O_PATH of the root, of its .chiliad/new and .chiliad/part.
  FileDescriptor new_;
  FileDescriptor parts_;
};

// Copies `length` bytes between the descriptors' positions: shared blocks where the file system can, in the kernel
// else. Errors: as system_error(); kUnavailable when there are fewer bytes.
Result<Done> copy_bytes(const FileDescriptor& from, const std::filesystem::path& from_path, const FileDescriptor& to,
                        const std::filesystem::path& to_path, std::uint64_t length);

// Errors: as system_error(); kNotFound for anything but a plain file.
Result<FileStamp> stamp_of(const FileDescriptor& file, const std::filesystem::path& path);

}  // namespace chiliad::store
