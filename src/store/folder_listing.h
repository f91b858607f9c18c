// The pages of a folder store's listing.
//
// The walk (folder_walk.h) of an unfinished listing is kept, two at most, so that the next page goes on where the last
// one stopped; without it, the token's key is found again from the top.
//
// A token is "f1", then 'k' and the last key given or 'g' and the last group given.
//
// Thread safety: safe from any thread.

#pragma once

#include <filesystem>
#include <list>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "store/folder_walk.h"
#include "store/object_store.h"

namespace chiliad::store {

class FolderListing {
 public:
  explicit FolderListing(std::filesystem::path root) : root_(std::move(root)) {}

  // Errors: as ObjectStore::list().
  Result<ListPage> list(const ListRequest& request, Deadline deadline);

 private:
  struct Paused {
    std::string token;
    std::string prefix;
    std::string delimiter;
    FolderWalk walk;
    std::string ahead;  // The key that the walk has given already.
  };

  Result<std::string> first_key(const ListRequest& request) const;
  std::optional<Paused> take_paused(const ListRequest& request);
  void pause(Paused paused);

  const std::filesystem::path root_;
  Mutex mutex_;
  std::list<Paused> paused_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace chiliad::store
