// Lists of buckets with many keys: a page costs its own length.

#include <algorithm>
#include <chrono>

#include "sql/database.h"
#include "store/bucket_index.h"
#include "store/bucket_store_under_test.h"

namespace chiliad::store {
namespace {

class ObjectList : public BucketStoreUnderTest {
 protected:
  // Rows straight into the index: customer=<0 ... count/100>/part-<0 ... 99>.
  void fill(int count) {
    store_.reset();
    Result<sql::Database> index =
        sql::Database::open(home() / "state" / "objects.db", index_migrations(), sql::Options{});
    ASSERT_TRUE(index) << index.error().message;
    const Result<Done> filled = index->transaction([&]() -> Result<Done> {
      for (int i = 0; i < count; ++i) {
        ObjectRow row;
        row.meta.key = key_of(i);
        row.meta.etag = "d41d8cd98f00b204e9800998ecf8427e";
        row.generation = static_cast<std::uint64_t>(i) + 1;
        Result<Done> written = write_object(*index, 1, row, std::nullopt);
        if (!written) return written;
      }
      return Done{};
    });
    ASSERT_TRUE(filled) << filled.error().message;
    open({});
  }
  static std::string key_of(int i) {
    const std::string customer = std::to_string(1'000'000 + i / 100);
    const std::string part = std::to_string(100 + i % 100);
    return "customer=" + customer + "/part-" + part;
  }
  // The median time of a page in the middle, in milliseconds.
  double page_ms(const ObjectQuery& query, std::size_t expected) {
    std::vector<double> times;
    for (int i = 0; i < 15; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const Outcome<ObjectPage> page = store().list("bucket", query);
      times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
      EXPECT_EQ(page->objects.size() + page->groups.size(), expected);
    }
    std::ranges::sort(times);
    return times[times.size() / 2];
  }
  void expect_quick_pages(int count, double most_ms) {
    fill(count);
    const std::string middle = key_of(count / 2);
    const double plain = page_ms({.after = middle}, 1000);
    // As many groups as there are, up to a page: each is skipped by one look-up.
    const std::size_t groups = std::min<std::size_t>(1000, static_cast<std::size_t>(count / 100));
    const double grouped = page_ms({.delimiter = "/"}, groups);
    const double one = page_ms({.prefix = middle}, 1);
    RecordProperty("page_of_1000_ms", std::to_string(plain));
    RecordProperty("page_of_groups_ms", std::to_string(grouped));
    EXPECT_LT(plain, most_ms);
    EXPECT_LT(grouped, most_ms * 10);
    EXPECT_LT(one, most_ms);
  }
};

// Bounds that a busy machine and sanitizers keep, and that reading the bucket would break by far.
TEST_F(ObjectList, APageOfABucketOf50000KeysTakesMilliseconds) {
  expect_quick_pages(50'000, 60);
  EXPECT_EQ(keys().size(), 50'000u);
}

class ObjectListLong : public ObjectList {};

TEST_F(ObjectListLong, APageOfABucketOf1000000KeysTakesMilliseconds) { expect_quick_pages(1'000'000, 20); }

}  // namespace
}  // namespace chiliad::store
