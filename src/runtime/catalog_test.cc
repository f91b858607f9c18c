#include "runtime/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace chiliad::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kRegistry = "763104351884.dkr.ecr.us-east-1.amazonaws.com/";

std::string error_of(std::string_view text) {
  Result<Catalog> catalog = Catalog::parse(text, "runtimes.toml");
  return catalog ? "" : catalog.error().message;
}

TEST(BuiltInCatalog, ClaimsAwsFrameworkImagesAndOurOwn) {
  const Catalog catalog = Catalog::built_in();
  for (const auto& [image, name] :
       {std::pair("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.0-1-cpu-py3", "scikit-learn"),
        std::pair("763104351884.dkr.ecr.eu-west-1.amazonaws.com/mxnet-training:1.9.0-cpu-py38", "mxnet"),
        std::pair("763104351884.dkr.ecr.us-east-1.amazonaws.com/mxnet-inference:1.9.0-cpu-py38", "mxnet"),
        std::pair("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3.0-cpu-py311", "pytorch"),
        std::pair("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.3.0-cpu-py311", "pytorch"),
        std::pair("763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.16-cpu-py310", "tensorflow"),
        std::pair("763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.16-cpu", "tensorflow"),
        std::pair("763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference-graviton:2.16-cpu", "tensorflow"),
        std::pair("520713654638.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tensorflow-serving:1.12-cpu", "tensorflow"),
        std::pair("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference-graviton:2.3.0-cpu", "pytorch"),
        std::pair("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "xgboost"),
        std::pair("785573368785.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tritonserver:23.10-py3", "triton"),
        std::pair("123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-split:1", "chiliad-split"),
        std::pair("chiliad-prophet", "chiliad-prophet"),
        std::pair("r/chiliad-evaluate@sha256:00", "chiliad-evaluate")}) {
    Result<const Entry*> entry = catalog.find(image);
    ASSERT_TRUE(entry) << entry.error().message;
    EXPECT_EQ((*entry)->name, name) << image;
  }
}

TEST(BuiltInCatalog, KnowsWhatItsEntriesAreFor) {
  const Catalog catalog = Catalog::built_in();
  const Entry& prophet = *catalog.named("chiliad-prophet");
  EXPECT_EQ(prophet.kind, Kind::kNative);
  EXPECT_EQ(prophet.algorithm, "prophet");
  EXPECT_EQ(prophet.server, Server::kNative);
  EXPECT_EQ(catalog.named("chiliad-split")->server, Server::kNone);
  const Entry& sklearn = *catalog.named("scikit-learn");
  EXPECT_EQ(sklearn.kind, Kind::kPython);
  EXPECT_EQ(sklearn.server, Server::kContainer);
  EXPECT_THAT(sklearn.train, ElementsAre("python3", "/opt/chiliad/python/chiliad_train.py"));
  EXPECT_FALSE(sklearn.packages.empty());
  EXPECT_THAT(sklearn.source, HasSubstr("built-in runtimes.toml:"));
}

TEST(CatalogFind, SaysWhatToAddForAnUnknownImage) {
  Result<Catalog> catalog = Catalog::parse("", "/h/runtimes.toml");
  ASSERT_TRUE(catalog) << catalog.error().message;
  Result<const Entry*> entry = catalog->find(std::string(kRegistry) + "my-model:3");
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(entry.error().message, HasSubstr("my-model:3"));
  EXPECT_THAT(entry.error().message, HasSubstr("/h/runtimes.toml (a server reads it when it starts)"));
  // What it proposes is taken.
  const std::string& message = entry.error().message;
  const std::string proposed =
      message.substr(message.find("[[runtime]]"), message.find("(or") - message.find("[[runtime]]"));
  Result<Catalog> with = Catalog::parse(proposed, "runtimes.toml");
  ASSERT_TRUE(with) << with.error().message << "\n" << proposed;
  EXPECT_EQ((*with->find(std::string(kRegistry) + "my-model:3"))->name, "my-model");
}

TEST(CatalogParse, OwnEntriesComeFirst) {
  Result<Catalog> catalog = Catalog::parse(
      "[[runtime]]\nname = 'mine'\nimages = ['mxnet-training:1.9.*']\nkind = 'oci'\nimage = 'localhost/mx'\n"
      "[[runtime]]\nname = 'other'\nimages = ['mxnet-*']\nkind = 'oci'\n",
      "runtimes.toml");
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_EQ((*catalog->find("r/mxnet-training:1.9.0"))->name, "mine");
  EXPECT_EQ((*catalog->find("r/mxnet-training:1.8.0"))->name, "other");
  EXPECT_EQ((*catalog->find("r/mxnet-training:1.9.0"))->source, "runtimes.toml:1");
  EXPECT_EQ(catalog->named("other")->server, Server::kContainer);
}

TEST(CatalogParse, AnEntryOfABuiltInNameChangesTheKeysItGives) {
  const Entry built_in = *Catalog::built_in().named("scikit-learn");
  Result<Catalog> catalog = Catalog::parse("[[runtime]]\nname = 'scikit-learn'\nserver = 'native'\n", "runtimes.toml");
  ASSERT_TRUE(catalog) << catalog.error().message;
  const Entry& entry = **catalog->find("r/sagemaker-scikit-learn:1.0-1-cpu-py3");
  EXPECT_EQ(entry.server, Server::kNative);
  EXPECT_EQ(entry.packages, built_in.packages);
  EXPECT_EQ(entry.images, built_in.images);
  EXPECT_EQ(entry.serve, built_in.serve);
}

TEST(CatalogParse, AnEntryLikeAnotherHasItsOwnImages) {
  Result<Catalog> catalog = Catalog::parse(
      "[[runtime]]\nname = 'energy'\nlike = 'scikit-learn'\nimages = ['energy']\nconstraints = ['numpy<1.24']\n"
      "environment = { A = '1' }\n"
      "[[runtime]]\nname = 'energy-2'\nlike = 'energy'\nimages = ['energy-2']\n",
      "runtimes.toml");
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_THAT(catalog->named("energy-2")->constraints, ElementsAre("numpy<1.24"));
  EXPECT_EQ(catalog->named("energy-2")->environment.at("A"), "1");
  EXPECT_EQ(catalog->named("energy")->packages, catalog->named("scikit-learn")->packages);
  EXPECT_EQ((*catalog->find("sagemaker-scikit-learn"))->name, "scikit-learn");
}

TEST(CatalogParse, AnotherKindTakesNothingFromTheBuiltInEntry) {
  Result<Catalog> catalog = Catalog::parse("[[runtime]]\nname = 'scikit-learn'\nkind = 'oci'\n", "runtimes.toml");
  ASSERT_TRUE(catalog) << catalog.error().message;
  const Entry& entry = **catalog->find("r/sagemaker-scikit-learn");
  EXPECT_EQ(entry.kind, Kind::kOci);
  EXPECT_TRUE(entry.train.empty());
  EXPECT_TRUE(entry.packages.empty());
}

TEST(CatalogParse, ErrorsNameFileLineRuntimeAndKey) {
  EXPECT_EQ(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\nkind = 'python'\npackages = 'numpy'\n"),
            "runtimes.toml:5: runtime 'a': packages: expected an array of requirement specifiers, found a string");
  EXPECT_EQ(error_of("[[runtime]]\nname = 'a'\nimages = ['a', 7]\n"),
            "runtimes.toml:3: runtime 'a': images: expected an array of image patterns, found an integer");
  EXPECT_EQ(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\nkind = 'docker'\n"),
            "runtimes.toml:4: runtime 'a': kind: expected 'native', 'python' or 'oci', found 'docker'");
  EXPECT_EQ(error_of("\n[[runtime]]\nimages = ['a']\n"), "runtimes.toml:2: runtime: name is missing");
  EXPECT_EQ(error_of("[[runtime]]\nname = 'a'\n"),
            "runtimes.toml:1: runtime 'a': images is missing: which images it is for");
}

TEST(CatalogParse, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(
      error_of("[[runtime]]\nname = 'a'\nimages = ['a']\npakages = ['numpy']\n"),
      HasSubstr("runtimes.toml:4: runtime 'a': pakages: a runtime of kind python has no such key; it has name, "));
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\nkind = 'oci'\npackages = ['numpy']\n"),
              HasSubstr("packages: a runtime of kind oci has no such key"));
  EXPECT_THAT(error_of("[[runtimes]]\nname = 'a'\n"), HasSubstr("runtimes.toml:1: runtimes: no such key"));
  EXPECT_THAT(error_of("[runtime]\nname = 'a'\n"), HasSubstr("a runtime begins with [[runtime]]"));
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nname = 'b'\n"), HasSubstr("runtimes.toml:3: "));
  EXPECT_THAT(error_of("name ="), HasSubstr("runtimes.toml:1: "));
  EXPECT_THAT(error_of("[= 1]"), HasSubstr("runtimes.toml:1: "));
  EXPECT_EQ(error_of("# \u00e9\n\n[[runtime]]\nn\u00e9 = 'a'\n"),
            "runtimes.toml:4: a character that is not ASCII: it can stand in strings and comments alone");
  EXPECT_THAT(error_of("\"\u00e9\\\"\u00e9\" = \"\"\"\n\u00e9\"\n\"\"\" # \u00e9\n'\u00e9'=\u00e9"),
              HasSubstr("runtimes.toml:4: a character"));
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\n[[runtime]]\nname = 'a'\nimages = ['b']\n"),
              HasSubstr("runtimes.toml:4: runtime 'a': name: stands in this file already"));
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nlike = 'b'\nimages = ['a']\n"), HasSubstr("no runtime 'b' is known"));
}

TEST(CatalogParse, RefusesWhatPipOrAShellWouldMisread) {
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\npackages = ['-r /etc/passwd']\n"),
              HasSubstr("expected requirement specifiers, found '-r /etc/passwd'"));
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\npackages = [\"a\\n-r b\"]\n"),
              HasSubstr("found 'a?-r b'"));
  EXPECT_THAT(error_of("[[runtime]]\nname = '../a'\nimages = ['a']\n"), HasSubstr("name: expected a name of letters"));
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\nenvironment = { 'A B' = '1' }\n"),
              HasSubstr("'A B' is no variable's name"));
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\nserver = 'container'\n"),
              HasSubstr("'container' needs a command in serve"));
  EXPECT_THAT(error_of("[[runtime]]\nname = 'a'\nimages = ['a']\nkind = 'native'\n"),
              HasSubstr("algorithm is missing"));
}

TEST(CatalogRead, ReadsAFileAndSaysWhenThereIsNone) {
  const TempFolder folder = *TempFolder::make();
  const std::filesystem::path file = folder.path() / "runtimes.toml";
  EXPECT_EQ(Catalog::read(file).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(
      write_file_atomically(file, "[[runtime]]\nname = 'a'\nimages = ['a']\nkind = 'oci'\n", Durability::kNone));
  Result<Catalog> catalog = Catalog::read(file);
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_EQ(catalog->entries().front().name, "a");
}

}  // namespace
}  // namespace chiliad::runtime
