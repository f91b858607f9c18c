// A put in the index and in the folder. The bytes are in `.chiliad/new` before the transaction; the row names their
// generation; the rename comes after the commit. Between the two a reader finds the bytes under their first name.

#include "store/bucket_store_state.h"

namespace chiliad::store {

Outcome<Done> check_put_condition(const PutCondition& condition, const std::optional<ObjectRow>& row) {
  if (condition.only_if_absent && row) return refuse(Refusal::kPreconditionFailed, "it exists already");
  if (!condition.only_if_etag) return Done{};
  if (!row) {
    // What S3 says to If-Match on a missing key; whoever compares and puts takes it for a lost race all the same.
    Failure missing =
        refuse(Refusal::kNoSuchKey, "there is no such object, but ETag " + *condition.only_if_etag + " was expected");
    missing.error.code = ErrorCode::kConflict;
    return missing;
  }
  if (*condition.only_if_etag != "*" && row->meta.etag != *condition.only_if_etag)
    return refuse(Refusal::kPreconditionFailed,
                  "its ETag is " + row->meta.etag + ", not " + *condition.only_if_etag + ": changed meanwhile");
  return Done{};
}

Result<Done> PutChange::apply(sql::Database& index) {
  verdict_ = Done{};
  Result<std::optional<std::int64_t>> bucket = find_bucket(index, bucket_);
  if (!bucket) return std::move(bucket).error();
  if (!*bucket) {
    verdict_ = refuse(Refusal::kNoSuchBucket, "there is no such bucket");
    return Done{};
  }
  Result<std::optional<ObjectRow>> before = find_object(index, **bucket, row_.meta.key);
  if (!before) return std::move(before).error();
  verdict_ = check_put_condition(condition_, *before);
  if (!verdict_) return Done{};
  Result<Outcome<Done>> more = apply_more(index, **bucket);
  if (!more) return std::move(more).error();
  verdict_ = *std::move(more);
  if (!verdict_) return Done{};
  if (*before) {
    row_.place = (*before)->place;
  } else {
    Result<Place> place = store_.files.choose_place(bucket_, row_.meta.key);
    if (!place) {
      verdict_ = std::move(place).error();
      return Done{};
    }
    row_.place = *place;
  }
  Result<Done> written = write_object(index, **bucket, row_, *before);
  if (!written) return written;
  return intend(index, {0, bucket_, row_.meta.key, row_.place, row_.generation, row_.stamp().modified_ns});
}

Result<Outcome<Done>> PutChange::apply_more(sql::Database&, std::int64_t) { return Outcome<Done>(Done{}); }

Result<Done> PutChange::settle(sql::Database& index) {
  if (!verdict_) return Done{};
  Result<Done> moved = move(index);
  // The bytes stay where they are: readers find them there, and the next start tries again.
  was_settled_ = true;
  return moved;
}

Result<Done> PutChange::move(sql::Database& index) {
  Result<Done> moved = store_.files.move_into_place(row_.generation, bucket_, row_.meta.key, row_.place);
  if (moved || moved.error().code != ErrorCode::kInvalid || row_.place == Place::kEscaped) return moved;
  // Somebody made a folder there by hand since the place was chosen.
  Result<Done> replaced = index.transaction([&]() -> Result<Done> {
    Result<std::optional<std::int64_t>> bucket = find_bucket(index, bucket_);
    if (!bucket) return std::move(bucket).error();
    if (!*bucket) return Done{};
    Result<std::optional<ObjectRow>> row = find_object(index, **bucket, row_.meta.key);
    if (!row) return std::move(row).error();
    // A later change of the same batch is at it already.
    if (!*row || (*row)->generation != row_.generation) return Done{};
    Result<Done> written = write_object_place(index, **bucket, row_.meta.key, Place::kEscaped);
    if (!written) return written;
    return intend(index, {0, bucket_, row_.meta.key, Place::kEscaped, row_.generation, row_.stamp().modified_ns});
  });
  if (!replaced) return replaced;
  return store_.files.move_into_place(row_.generation, bucket_, row_.meta.key, Place::kEscaped);
}

void PutChange::answer(const Result<Done>& committed) {
  if (!was_settled_) store_.files.remove_new(row_.generation);
  if (!committed) {
    callback_(store_.about(bucket_, row_.meta.key, {Refusal::kNone, committed.error()}));
  } else if (!verdict_) {
    callback_(store_.about(bucket_, row_.meta.key, std::move(verdict_).failure()));
  } else {
    store_.listeners.tell(bucket_, row_.meta.key);
    ObjectMeta meta = std::move(row_.meta);
    meta.tag_count = static_cast<int>(row_.tags.size());
    callback_(std::move(meta));
  }
}

}  // namespace chiliad::store
