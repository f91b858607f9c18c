#include "objects/xml_body.h"

#include <gtest/gtest.h>

namespace chiliad::objects {
namespace {

std::string code(const auto& read) {
  const auto* error = std::get_if<S3Error>(&read);
  return error != nullptr ? error->code : "none";
}

constexpr std::string_view kNamespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

TEST(XmlBody, ADeleteNamesItsObjects) {
  const auto read = read_delete("<?xml version=\"1.0\"?><Delete" + std::string(kNamespace) +
                                "><Object><Key>a&amp;b &#13;\xC3\xA9</Key></Object><Object><Key> </Key><VersionId>null"
                                "</VersionId><ETag>\"x\"</ETag></Object><Quiet>true</Quiet></Delete>");
  const DeleteBody& body = std::get<DeleteBody>(read);
  ASSERT_EQ(body.objects.size(), 2u);
  EXPECT_EQ(body.objects[0].key, "a&b \r\xC3\xA9");
  EXPECT_EQ(body.objects[1].key, " ");
  EXPECT_EQ(body.objects[1].version_id, "null");
  EXPECT_EQ(body.objects[1].etag, "x");
  EXPECT_TRUE(body.quiet);
}

TEST(XmlBody, ADeleteHas1To1000Objects) {
  const auto with = [](std::size_t count) {
    std::string xml = "<Delete>";
    for (std::size_t i = 0; i < count; ++i) xml += "<Object><Key>k</Key></Object>";
    return xml + "</Delete>";
  };
  EXPECT_EQ(code(read_delete(with(0))), "MalformedXML");
  EXPECT_EQ(code(read_delete(with(1000))), "none");
  EXPECT_EQ(code(read_delete(with(1001))), "MalformedXML");
}

TEST(XmlBody, WhatIsNoXmlIsRefused) {
  for (const std::string_view xml : {"", "x", "<Delete>", "<Other/>", "<Delete><Object></Object></Delete>",
                                     "<Delete><Object><Key></Key></Object></Delete>"})
    EXPECT_EQ(code(read_delete(xml)), "MalformedXML") << xml;
  EXPECT_EQ(code(read_delete(std::string_view("<Delete><Object><Key>a\0b</Key></Object></Delete>", 47))),
            "MalformedXML");
}

TEST(XmlBody, EntitiesAreNotExpanded) {
  const auto read = read_delete(
      "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&x;</Key></Object></Delete>");
  ASSERT_EQ(code(read), "none");
  EXPECT_EQ(std::get<DeleteBody>(read).objects[0].key, "&x;");
}

TEST(XmlBody, ACompletionNamesItsPartsInOrder) {
  const auto read = read_complete(
      "<CompleteMultipartUpload><Part><ETag>&quot;a&quot;</ETag><PartNumber>1</PartNumber><ChecksumCRC32>AAAAAA=="
      "</ChecksumCRC32></Part><Part><PartNumber>7</PartNumber><ETag>b</ETag></Part></CompleteMultipartUpload>");
  const auto& parts = std::get<std::vector<store::CompletedPart>>(read);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].etag, "a");
  ASSERT_TRUE(parts[0].checksum);
  EXPECT_EQ(parts[0].checksum->base64(), "AAAAAA==");
  EXPECT_EQ(parts[1].number, 7);
}

TEST(XmlBody, ACompletionOutOfOrderOrRangeIsRefused) {
  const auto with = [](std::string_view first, std::string_view second) {
    std::string xml = "<CompleteMultipartUpload>";
    for (const std::string_view number : {first, second})
      xml.append("<Part><ETag>e</ETag><PartNumber>").append(number).append("</PartNumber></Part>");
    return xml + "</CompleteMultipartUpload>";
  };
  EXPECT_EQ(code(read_complete(with("2", "1"))), "InvalidPartOrder");
  EXPECT_EQ(code(read_complete(with("1", "1"))), "InvalidPartOrder");
  EXPECT_EQ(code(read_complete(with("0", "1"))), "InvalidArgument");
  EXPECT_EQ(code(read_complete(with("1", "10001"))), "InvalidArgument");
  EXPECT_EQ(code(read_complete(with("1", "x"))), "MalformedXML");
  EXPECT_EQ(code(read_complete("<CompleteMultipartUpload/>")), "MalformedXML");
}

TEST(XmlBody, ALocationMayBeMissing) {
  EXPECT_EQ(std::get<std::string>(read_location_constraint("")), "");
  EXPECT_EQ(std::get<std::string>(read_location_constraint("<CreateBucketConfiguration/>")), "");
  EXPECT_EQ(std::get<std::string>(read_location_constraint("<CreateBucketConfiguration><LocationConstraint>eu-west-1"
                                                           "</LocationConstraint></CreateBucketConfiguration>")),
            "eu-west-1");
  EXPECT_EQ(code(read_location_constraint("<x/>")), "MalformedXML");
}

std::string tagging(const Tags& tags) {
  std::string xml = "<Tagging><TagSet>";
  for (const auto& [key, value] : tags) xml += "<Tag><Key>" + key + "</Key><Value>" + value + "</Value></Tag>";
  return xml + "</TagSet></Tagging>";
}

TEST(XmlBody, TagsAreReadAndChecked) {
  const Tags tags = {{"a", "1"}, {"b", ""}};
  EXPECT_EQ(std::get<Tags>(read_tagging(tagging(tags))), tags);
  EXPECT_EQ(std::get<Tags>(read_tagging("<Tagging><TagSet/></Tagging>")), Tags());
  EXPECT_EQ(code(read_tagging(tagging({{"a", "1"}, {"a", "2"}}))), "InvalidTag");
  EXPECT_EQ(code(read_tagging(tagging({{"", "1"}}))), "InvalidTag");
  EXPECT_EQ(code(read_tagging(tagging({{std::string(129, 'k'), "1"}}))), "InvalidTag");
  EXPECT_EQ(code(read_tagging(tagging({{"k", std::string(257, 'v')}}))), "InvalidTag");
  EXPECT_EQ(code(read_tagging("<Tagging/>")), "MalformedXML");
  Tags many;
  for (int i = 0; i < 11; ++i) many.emplace_back(std::to_string(i), "v");
  EXPECT_EQ(code(read_tagging(tagging(many))), "BadRequest");
}

TEST(XmlBody, ABucketsConfigurationIsWrittenAnewWithNothingElse) {
  const std::string tags = std::get<std::string>(rewrite_bucket_tagging(
      "<Tagging><!-- c "
      "--><TagSet><Tag><Value><![CDATA[<x/>&]]></Value><Other/><Key>k&lt;</Key></Tag></TagSet></Tagging>"));
  EXPECT_TRUE(tags.ends_with("<TagSet><Tag><Key>k&lt;</Key><Value>&lt;x/&gt;&amp;</Value></Tag></TagSet></Tagging>"))
      << tags;
  const std::string encryption = std::get<std::string>(rewrite_bucket_encryption(
      "<s:ServerSideEncryptionConfiguration><s:Rule><s:ApplyServerSideEncryptionByDefault><s:SSEAlgorithm>aws:kms"
      "</s:SSEAlgorithm></s:ApplyServerSideEncryptionByDefault></s:Rule></s:ServerSideEncryptionConfiguration>"));
  EXPECT_NE(encryption.find("<SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
                            "<BucketKeyEnabled>false</BucketKeyEnabled></Rule>"),
            std::string::npos)
      << encryption;
  const std::string block = std::get<std::string>(
      rewrite_public_access_block("<PublicAccessBlockConfiguration><BlockPublicPolicy>TRUE</BlockPublicPolicy>"
                                  "</PublicAccessBlockConfiguration>"));
  EXPECT_NE(block.find("<IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>"),
            std::string::npos)
      << block;
}

TEST(XmlBody, ABucketsConfigurationThatIsNoneIsRefused) {
  const auto encryption = [](const std::string& by_default, const std::string& more = "") {
    return code(rewrite_bucket_encryption(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>" + by_default +
        "</ApplyServerSideEncryptionByDefault>" + more + "</Rule></ServerSideEncryptionConfiguration>"));
  };
  const std::string aes = "<SSEAlgorithm>AES256</SSEAlgorithm>";
  EXPECT_EQ(encryption("<SSEAlgorithm>aes</SSEAlgorithm>"), "MalformedXML");
  EXPECT_EQ(encryption(""), "MalformedXML");
  EXPECT_EQ(encryption(aes + "<KMSMasterKeyID>k</KMSMasterKeyID>"), "MalformedXML");
  EXPECT_EQ(encryption(aes, "<BucketKeyEnabled>perhaps</BucketKeyEnabled>"), "MalformedXML");
  EXPECT_EQ(encryption(aes, "</Rule><Rule>"), "MalformedXML");
  EXPECT_EQ(code(rewrite_bucket_encryption("")), "MalformedXML");
  EXPECT_EQ(code(rewrite_public_access_block("<Tagging/>")), "MalformedXML");
  EXPECT_EQ(code(rewrite_bucket_tagging(tagging({{"\xFF", "1"}}))), "MalformedXML");
  EXPECT_EQ(code(rewrite_public_access_block("<PublicAccessBlockConfiguration><BlockPublicAcls>2</BlockPublicAcls>"
                                             "</PublicAccessBlockConfiguration>")),
            "MalformedXML");
}

TEST(XmlBody, TagsOfAFieldAreDecoded) {
  EXPECT_EQ(std::get<Tags>(read_tagging_field("a%20b=1+2&c")), (Tags{{"a b", "1 2"}, {"c", ""}}));
  EXPECT_EQ(code(read_tagging_field("a=%zz")), "InvalidArgument");
  EXPECT_EQ(code(read_tagging_field("a=1&a=2")), "InvalidTag");
}

}  // namespace
}  // namespace chiliad::objects
