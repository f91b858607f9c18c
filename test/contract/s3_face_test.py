"""What clients see of S3, through boto3: one suite for chiliad (over HTTP and over TLS) and for versitygw.

A case where the two differ is marked with @versitygw_differs and the reason: it then has to fail there, so that the list
in doc/s3.md stays true.
"""
import base64
import hashlib
import io
import itertools
import ssl
import urllib.error
import urllib.request
import zlib

import botocore
import botocore.exceptions
import pytest

from s3_servers import REGION, start_chiliad, start_versitygw

# The certificate of chiliad-tls is one that the server made for itself.
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
MB = 1 << 20


versitygw_differs = pytest.mark.versitygw_differs


@pytest.fixture(scope="module", params=["chiliad", "chiliad-tls", "versitygw"])
def server(request, chiliad, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "versitygw":
        started = start_versitygw(folder)
    else:
        started = start_chiliad(chiliad.path, folder, *(["--tls"] if request.param == "chiliad-tls" else []))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def s3(server):
    return server.client()


names = (f"bucket-{number}" for number in itertools.count())


@pytest.fixture
def bucket(s3):
    name = next(names)
    s3.create_bucket(Bucket=name)
    return name


class Refused:
    """with refused("NoSuchKey", 404): the call fails so."""

    def __init__(self, code, status=None):
        self.code, self.status = code, status

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert kind is not None, f"expected {self.code}, and the call succeeded"
        if not issubclass(kind, botocore.exceptions.ClientError):
            return False
        assert error.response["Error"]["Code"] == self.code, error
        if self.status:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == self.status
        return True


refused = Refused


def keys_of(page):
    return [entry["Key"] for entry in page.get("Contents", [])]


def prefixes_of(page):
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


# ---- Buckets

def test_a_bucket_is_made_listed_and_taken_away(s3):
    name = next(names)
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    assert name in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == REGION
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    s3.delete_bucket(Bucket=name)
    with refused("404", 404):
        s3.head_bucket(Bucket=name)
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket=name)


@versitygw_differs("answers 409 BucketAlreadyOwnedByYou in us-east-1 too")
def test_ones_own_bucket_may_be_made_again(s3, bucket):
    s3.create_bucket(Bucket=bucket)


def test_a_bucket_with_objects_is_not_taken_away(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("call, code", [
    ("get_bucket_policy", "NoSuchBucketPolicy"), ("get_bucket_tagging", "NoSuchTagSet"),
    ("get_bucket_cors", "NoSuchCORSConfiguration"), ("get_bucket_website", "NoSuchWebsiteConfiguration")])
def test_what_a_bucket_has_not_is_said_as_by_s3(s3, bucket, call, code):
    with refused(code, 404):
        getattr(s3, call)(Bucket=bucket)


@versitygw_differs("does not know these calls")
@pytest.mark.parametrize("call, code", [
    ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
    ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
    ("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")])
def test_what_a_bucket_has_not_either(s3, bucket, call, code):
    with refused(code, 404):
        getattr(s3, call)(Bucket=bucket)


def test_a_buckets_tags_are_kept(s3, bucket):
    tags = [{"Key": "team", "Value": "forecast and more"}, {"Key": "stage", "Value": ""}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    by_key = lambda tag: tag["Key"]
    assert sorted(s3.get_bucket_tagging(Bucket=bucket)["TagSet"], key=by_key) == sorted(tags, key=by_key)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags[:1]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags[:1]
    s3.delete_bucket_tagging(Bucket=bucket)
    with refused("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)
    with refused("NoSuchBucket", 404):
        s3.put_bucket_tagging(Bucket="no-such-bucket", Tagging={"TagSet": tags})


def test_a_bucket_has_50_tags_at_most(s3, bucket):
    tags = [{"Key": str(number), "Value": "v"} for number in range(51)]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags[1:]})
    with refused("BadRequest", 400):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    with refused("InvalidTag", 400):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags[:1] * 2})


@versitygw_differs("does not know these calls")
def test_a_buckets_encryption_is_kept(s3, bucket):
    def put(**default):
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [
            {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]})

    put(SSEAlgorithm="aws:kms", KMSMasterKeyID="alias/models")
    kept = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert kept == [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/models"},
                     "BucketKeyEnabled": True}]
    put(SSEAlgorithm="AES256")
    with refused("MalformedXML", 400):
        put(SSEAlgorithm="ROT13")
    kept = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert kept["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    s3.delete_bucket_encryption(Bucket=bucket)
    with refused("ServerSideEncryptionConfigurationNotFoundError", 404):
        s3.get_bucket_encryption(Bucket=bucket)


@versitygw_differs("does not know these calls")
def test_a_public_access_block_is_kept(s3, bucket):
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

    def get():
        return s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]

    assert get() == dict.fromkeys(names, True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert get() == {**dict.fromkeys(names, False), "BlockPublicAcls": True}
    s3.delete_public_access_block(Bucket=bucket)
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        get()


def test_a_buckets_configuration_goes_with_it(s3):
    name = next(names)
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket(Bucket=name)
    s3.create_bucket(Bucket=name)
    with refused("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=name)


def test_a_bucket_has_no_versions_and_one_owner(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    grants = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]


# ---- Objects

def test_an_object_comes_back_with_what_was_said_about_it(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ContentType="text/plain", CacheControl="no-store",
                  ContentDisposition="inline", ContentLanguage="de", ContentEncoding="identity",
                  Metadata={"colour": "red", "size": "5"})
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"hello"
    assert got["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert got["ContentType"] == "text/plain"
    assert got["CacheControl"] == "no-store"
    assert got["ContentDisposition"] == "inline"
    assert got["ContentLanguage"] == "de"
    assert got["ContentEncoding"] == "identity"
    assert got["Metadata"] == {"colour": "red", "size": "5"}
    assert got["ContentLength"] == 5
    assert got["AcceptRanges"] == "bytes"
    head = s3.head_object(Bucket=bucket, Key="k")
    assert {name: head[name] for name in ("ETag", "ContentLength", "Metadata", "LastModified")} == \
           {name: got[name] for name in ("ETag", "ContentLength", "Metadata", "LastModified")}


def test_no_type_is_binary(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k")["ContentType"] == "binary/octet-stream"


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3 * MB + 1])
def test_objects_of_all_sizes(s3, bucket, size):
    body = bytes(i * 7 & 255 for i in range(size))
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


PLAIN_KEYS = ["a", "a b", "a+b", "a%20b", "a%2Fb", "\u00e9\u4e2d\U0001f600", "q?x=1&y#z", "k=v;w,x:y@z", "~-_.!*'()",
              "a/b/c", "\"<&>\"", "a\\b", "x" * 200, "UPPER/lower"]
ODD_KEYS = ["dir/", "//", "a//b", "/a", ".", "..", "a/../b", "./a", "x" * 256, "y/" + "z" * 1000, "tab\tline\nend", " ",
            ".chiliad-x"]


@pytest.mark.parametrize("key", PLAIN_KEYS)
def test_a_key_is_any_text(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == [key]
    s3.copy_object(Bucket=bucket, Key=key + "2", CopySource={"Bucket": bucket, "Key": key})
    assert s3.head_object(Bucket=bucket, Key=key + "2")["ContentLength"] == len(key.encode())
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}, {"Key": key + "2"}]})
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


@versitygw_differs("keeps keys as paths: those that are no path are refused or become others")
def test_keys_that_are_no_paths(s3, bucket):
    for key in ODD_KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    for key in ODD_KEYS:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode(), key
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == sorted(ODD_KEYS, key=str.encode)


@versitygw_differs("a file cannot be a folder too")
def test_a_key_may_be_the_beginning_of_another(s3, bucket):
    for key in ("a/b/c", "a", "a/b", "a/"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["a", "a/", "a/b", "a/b/c"]
    s3.delete_object(Bucket=bucket, Key="a")
    assert s3.get_object(Bucket=bucket, Key="a/b/c")["Body"].read() == b"a/b/c"


@versitygw_differs("takes longer keys")
def test_a_key_has_1024_bytes_at_most(s3, bucket):
    with refused("KeyTooLongError", 400):
        s3.put_object(Bucket=bucket, Key="k/" * 512 + "k", Body=b"x")


def test_what_is_not_there_is_not_there(s3, bucket):
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="none")
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="none")
    with refused("NoSuchBucket", 404):
        s3.put_object(Bucket="no-such-bucket", Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="none")


def test_an_object_is_replaced_whole(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"first", Metadata={"a": "1"}, ContentType="text/plain")
    s3.put_object(Bucket=bucket, Key="k", Body=b"second")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"second", {}, "binary/octet-stream")


@pytest.mark.parametrize("asked, body, content_range", [
    ("bytes=0-3", b"0123", "bytes 0-3/10"), ("bytes=4-", b"456789", "bytes 4-9/10"), ("bytes=-3", b"789", "bytes 7-9/10"),
    ("bytes=8-100", b"89", "bytes 8-9/10")])
def test_a_range_is_a_part(s3, bucket, asked, body, content_range):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert (got["Body"].read(), got["ContentRange"]) == (body, content_range)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert s3.head_object(Bucket=bucket, Key="k", Range=asked)["ContentLength"] == len(body)


def test_a_range_past_the_end_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=1-2"])
def test_a_range_that_is_none_means_all(s3, bucket, asked):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert s3.get_object(Bucket=bucket, Key="k", Range=asked)["Body"].read() == b"0123456789"


def test_reads_with_conditions(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    before = modified.replace(year=modified.year - 1)
    for call in (s3.get_object, s3.head_object):
        assert call(Bucket=bucket, Key="k", IfMatch=put["ETag"])["ContentLength"] == 1
        assert call(Bucket=bucket, Key="k", IfNoneMatch='"other"')["ContentLength"] == 1
        assert call(Bucket=bucket, Key="k", IfModifiedSince=before)["ContentLength"] == 1
        assert call(Bucket=bucket, Key="k", IfMatch=put["ETag"], IfUnmodifiedSince=before)["ContentLength"] == 1
        with refused("304", 304):
            call(Bucket=bucket, Key="k", IfNoneMatch=put["ETag"])
        with refused("PreconditionFailed" if call == s3.get_object else "412", 412):
            call(Bucket=bucket, Key="k", IfMatch='"other"')
        with refused("PreconditionFailed" if call == s3.get_object else "412", 412):
            call(Bucket=bucket, Key="k", IfUnmodifiedSince=before)


@versitygw_differs("compares fractions of a second, which HTTP's dates have not")
def test_what_was_modified_in_the_second_asked_for_is_not_modified_since(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    with refused("304", 304):
        s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=modified)


def test_writes_with_conditions(s3, bucket):
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=first["ETag"])
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"4", IfMatch=first["ETag"])
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="none", Body=b"4", IfMatch=first["ETag"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"3"


def test_an_answers_fields_may_be_asked_for(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/plain")
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="a/b", ResponseContentDisposition="attachment",
                        ResponseCacheControl="no-cache", ResponseContentLanguage="fr", ResponseContentEncoding="x")
    assert got["ContentType"] == "a/b"
    assert got["ContentDisposition"] == "attachment"
    assert got["CacheControl"] == "no-cache"
    assert got["ContentLanguage"] == "fr"
    assert got["ContentEncoding"] == "x"


# ---- Checksums

@pytest.mark.parametrize("kind", ["CRC32", "SHA1", "SHA256"])
def test_a_checksum_is_computed_checked_and_kept(s3, bucket, kind):
    body = b"some bytes"
    value = base64.b64encode({"CRC32": lambda: zlib.crc32(body).to_bytes(4, "big"),
                              "SHA1": lambda: hashlib.sha1(body).digest(),
                              "SHA256": lambda: hashlib.sha256(body).digest()}[kind]()).decode()
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=kind)
    assert put[f"Checksum{kind}"] == value
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["Body"].read(), got[f"Checksum{kind}"], got["ChecksumType"]) == (body, value, "FULL_OBJECT")
    with pytest.raises(botocore.exceptions.ClientError) as wrong:
        s3.put_object(Bucket=bucket, Key="k", Body=b"other bytes", **{f"Checksum{kind}": value})
    assert wrong.value.response["Error"]["Code"] in ("BadDigest", "XAmzContentChecksumMismatch")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


# CRC-32C and CRC-64/NVME of "123456789", the check values of their catalogue entries.
@pytest.mark.parametrize("kind, value", [("CRC32C", 0xE3069283), ("CRC64NVME", 0xAE8B14860A799888)])
def test_checksums_that_python_has_not(s3, bucket, kind, value):
    text = base64.b64encode(value.to_bytes(4 if kind == "CRC32C" else 8, "big")).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"123456789", **{f"Checksum{kind}": text})
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[f"Checksum{kind}"] == text


def test_content_md5_is_compared(s3, bucket):
    right = base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ContentMD5=right)
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", ContentMD5=right)
    with refused("InvalidDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", ContentMD5="x")


# ---- Lists

@pytest.fixture(scope="module")
def filled(s3):
    name = next(names)
    s3.create_bucket(Bucket=name)
    for key in FILLED:
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    return name


FILLED = sorted([f"a/{i:02}" for i in range(7)] + [f"b/c/{i}" for i in range(3)] + ["b/d", "c", "d e", "f+g", "h%41",
                "\u00e9/x", "z"], key=str.encode)


@pytest.mark.parametrize("version", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("page_size", [1, 2, 3, 1000])
def test_pages_have_every_key_once_in_order(s3, filled, version, page_size):
    pages = s3.get_paginator(version).paginate(Bucket=filled, PaginationConfig={"PageSize": page_size})
    assert [key for page in pages for key in keys_of(page)] == FILLED


@pytest.mark.parametrize("version", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("page_size", [1, 2, 1000])
@pytest.mark.parametrize("prefix, delimiter, keys, prefixes", [
    ("", "/", ["c", "d e", "f+g", "h%41", "z"], ["a/", "b/", "\u00e9/"]),
    ("b/", "/", ["b/d"], ["b/c/"]),
    ("a/0", "", [f"a/{i:02}" for i in range(7)], []),
    ("b", "/", [], ["b/"]),
    ("none", "/", [], []),
    ("", "c", ["d e", "f+g", "h%41", "z"] + [f"a/{i:02}" for i in range(7)] + ["b/d", "\u00e9/x"], ["b/c", "c"])])
def test_pages_with_groups(s3, filled, version, page_size, prefix, delimiter, keys, prefixes):
    arguments = {"Delimiter": delimiter} if delimiter else {}
    pages = list(s3.get_paginator(version).paginate(Bucket=filled, Prefix=prefix, **arguments,
                                                    PaginationConfig={"PageSize": page_size}))
    assert [key for page in pages for key in keys_of(page)] == sorted(keys, key=str.encode)
    assert [group for page in pages for group in prefixes_of(page)] == sorted(prefixes, key=str.encode)


def test_a_list_starts_where_it_is_told(s3, filled):
    assert keys_of(s3.list_objects_v2(Bucket=filled, StartAfter="c")) == FILLED[FILLED.index("c") + 1:]
    assert keys_of(s3.list_objects(Bucket=filled, Marker="b/c/1")) == FILLED[FILLED.index("b/c/1") + 1:]
    page = s3.list_objects_v2(Bucket=filled, MaxKeys=2, StartAfter="a/03")
    assert (page["KeyCount"], page["IsTruncated"], page["MaxKeys"]) == (2, True, 2)
    assert keys_of(page) == ["a/04", "a/05"]
    assert s3.list_objects_v2(Bucket=filled, MaxKeys=0)["IsTruncated"] is False


def test_an_entry_of_a_list_says_what_a_head_says(s3, filled):
    entry = s3.list_objects_v2(Bucket=filled, Prefix="c", FetchOwner=True)["Contents"][0]
    head = s3.head_object(Bucket=filled, Key="c")
    assert (entry["ETag"], entry["Size"], entry["StorageClass"]) == (head["ETag"], 1, "STANDARD")
    assert entry["LastModified"].replace(microsecond=0) == head["LastModified"]
    assert "Owner" in entry


def test_a_list_refuses_what_is_no_number(s3, filled):
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=filled, MaxKeys=-1)


# ---- Deletes

def test_a_batch_of_1000_is_deleted(s3, bucket):
    for i in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{i}", Body=b"x")
    batch = {"Objects": [{"Key": f"k{i}"} for i in range(1000)]}
    answer = s3.delete_objects(Bucket=bucket, Delete=batch)
    assert len(answer["Deleted"]) == 1000 and "Errors" not in answer
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


@versitygw_differs("names every key in a quiet batch too")
def test_a_quiet_batch_names_only_what_failed(s3, bucket):
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}], "Quiet": True})


@versitygw_differs("takes any number")
def test_a_batch_of_1001_is_refused(s3, bucket):
    with refused("MalformedXML", 400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"k{i}"} for i in range(1001)]})


# ---- Copies

def test_a_copy_has_the_headers_of_its_source(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"hello", Metadata={"m": "1"}, ContentType="text/plain", Tagging="t=1")
    result = s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")["CopyObjectResult"]
    assert result["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="b")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"hello", {"m": "1"}, "text/plain")
    assert s3.get_object_tagging(Bucket=bucket, Key="b")["TagSet"] == [{"Key": "t", "Value": "1"}]


def test_a_copy_may_have_new_headers(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"hello", Metadata={"m": "1"}, ContentType="text/plain", Tagging="t=1")
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a", MetadataDirective="REPLACE", Metadata={"n": "2"},
                   TaggingDirective="REPLACE", Tagging="u=2")
    head = s3.head_object(Bucket=bucket, Key="b")
    assert head["Metadata"] == {"n": "2"}
    assert s3.get_object_tagging(Bucket=bucket, Key="b")["TagSet"] == [{"Key": "u", "Value": "2"}]


def test_a_copy_onto_itself_must_change_something(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"hello", Metadata={"m": "1"})
    with refused("InvalidRequest", 400):
        s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a")
    s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a", MetadataDirective="REPLACE", Metadata={"n": "2"})
    got = s3.get_object(Bucket=bucket, Key="a")
    assert (got["Body"].read(), got["Metadata"]) == (b"hello", {"n": "2"})


def test_a_copy_with_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"hello")["ETag"]
    source = f"{bucket}/a"
    s3.copy_object(Bucket=bucket, Key="b", CopySource=source, CopySourceIfMatch=etag)
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="c", CopySource=source, CopySourceIfMatch='"x"')
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/none")
    with refused("NoSuchBucket", 404):
        s3.copy_object(Bucket=bucket, Key="c", CopySource="no-such-bucket/none")


@versitygw_differs("answers 304")
def test_a_copy_of_what_one_has_is_a_failed_condition(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"hello")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/a", CopySourceIfNoneMatch=etag)


# ---- Multipart uploads

def test_the_transfer_manager_sends_parts_and_fetches_ranges(s3, bucket):
    body = bytes(i * 13 & 255 for i in range(4096)) * (5 * MB // 1024)  # 20 MiB: three parts.
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", ExtraArgs={"Metadata": {"m": "1"}, "ContentType": "text/plain"})
    into = io.BytesIO()
    s3.download_fileobj(bucket, "big", into)
    assert into.getvalue() == body
    head = s3.head_object(Bucket=bucket, Key="big")
    assert (head["Metadata"], head["ContentType"]) == ({"m": "1"}, "text/plain")
    digests = b"".join(hashlib.md5(body[at:at + 8 * MB]).digest() for at in range(0, len(body), 8 * MB))
    assert head["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy")
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == len(body)


def send_parts(s3, bucket, key, upload, bodies, **arguments):
    """The parts as a completion names them: with their checksums, if a kind was chosen."""
    parts = []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body, **arguments)
        parts.append({"PartNumber": number} | {name: part[name] for name in part
                                               if name == "ETag" or (arguments and name.startswith("ChecksumCRC"))})
    return parts


def test_an_upload_is_seen_before_and_not_after(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", Metadata={"m": "1"})["UploadId"]
    parts = send_parts(s3, bucket, "k", upload, [b"1" * 5 * MB, b"2" * 10])
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    assert [(part["PartNumber"], part["Size"], part["ETag"]) for part in listed["Parts"]] == \
           [(1, 5 * MB, parts[0]["ETag"]), (2, 10, parts[1]["ETag"])]
    page = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, MaxParts=1)
    assert (page["IsTruncated"], page["NextPartNumberMarker"]) == (True, 1)
    uploads = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [(entry["Key"], entry["UploadId"]) for entry in uploads] == [("k", upload)]
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="k")
    done = s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    assert done["ETag"].endswith('-2"')
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"1" * 5 * MB + b"2" * 10
    assert got["Metadata"] == {"m": "1"}
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    part = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert (part["Body"].read(), part["PartsCount"]) == (b"2" * 10, 2)


def test_an_upload_that_is_given_up_leaves_nothing(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    parts = send_parts(s3, bucket, "k", upload, [b"1"])
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    with refused("NoSuchUpload", 404):
        s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    with refused("NoSuchUpload", 404):
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    with refused("NoSuchUpload", 404):
        s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    s3.delete_bucket(Bucket=bucket)


def test_what_is_no_right_completion_is_refused(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    parts = send_parts(s3, bucket, "k", upload, [b"1" * 100, b"2"])

    def complete(given):
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": given})
    with refused("EntityTooSmall", 400):
        complete(parts)
    with refused("InvalidPart", 400):
        complete([parts[0] | {"ETag": '"0123456789abcdef0123456789abcdef"'}])
    with refused("InvalidPart", 400):
        complete([parts[0] | {"PartNumber": 9}])
    with refused("MalformedXML", 400):
        complete([])
    complete(parts[:1])
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 100


@versitygw_differs("looks at the parts' sizes first")
def test_parts_out_of_order_are_refused(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    parts = send_parts(s3, bucket, "k", upload, [b"1" * 100, b"2"])
    with refused("InvalidPartOrder", 400):
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts[::-1]})


def test_parts_may_be_copied(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789" * MB)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    ranges = [f"bytes=0-{5 * MB - 1}", f"bytes={5 * MB}-{5 * MB + 9}"]
    parts = []
    for number, part in enumerate(ranges, 1):
        copied = s3.upload_part_copy(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number,
                                     CopySource=f"{bucket}/a", CopySourceRange=part)
        parts.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == (b"0123456789" * MB)[:5 * MB + 10]
    with refused("InvalidArgument", 400):
        s3.upload_part_copy(Bucket=bucket, Key="k2", UploadId=s3.create_multipart_upload(
            Bucket=bucket, Key="k2")["UploadId"], PartNumber=1, CopySource=f"{bucket}/a",
            CopySourceRange=f"bytes=0-{10 * MB}")


def test_a_full_object_checksum_over_parts(s3, bucket):
    bodies = [b"1" * 5 * MB, b"2" * 1000]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32",
                                        ChecksumType="FULL_OBJECT")["UploadId"]
    parts = send_parts(s3, bucket, "k", upload, bodies, ChecksumAlgorithm="CRC32")
    whole = base64.b64encode(zlib.crc32(b"".join(bodies)).to_bytes(4, "big")).decode()
    done = s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts},
                                        ChecksumType="FULL_OBJECT")
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (whole, "FULL_OBJECT")


@versitygw_differs("leaves out the parts")
def test_the_attributes_of_an_object(s3, bucket):
    body = b"x" * (8 * MB + 5)
    s3.upload_fileobj(io.BytesIO(body), bucket, "k")
    found = s3.get_object_attributes(Bucket=bucket, Key="k",
                                     ObjectAttributes=["ETag", "ObjectParts", "StorageClass", "ObjectSize"])
    assert found["ObjectSize"] == len(body)
    assert found["StorageClass"] == "STANDARD"
    assert found["ETag"].strip('"') == s3.head_object(Bucket=bucket, Key="k")["ETag"].strip('"')
    assert found["ObjectParts"]["TotalPartsCount"] == 2


# ---- Tags, owners

def test_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1&b=2%203")
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert sorted((tag["Key"], tag["Value"]) for tag in tags) == [("a", "1"), ("b", "2 3")]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "c", "Value": ""}]
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 1
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_a_bucket_of_somebody_else_is_refused(s3, bucket):
    with refused("AccessDenied", 403):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ExpectedBucketOwner="111111111111")
    with refused("403", 403):
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner="111111111111")


# ---- Signatures

def test_wrong_keys_are_refused(server, bucket):
    with refused("SignatureDoesNotMatch", 403):
        server.client(secret_key="wrong").list_objects_v2(Bucket=bucket)
    with refused("AccessDenied", 403):
        server.client(signature_version=botocore.UNSIGNED).list_objects_v2(Bucket=bucket)


@versitygw_differs("has a code of its own for it")
def test_an_unknown_key_is_refused(server, bucket):
    with refused("InvalidAccessKeyId", 403):
        server.client(access_key="AKIAIOSFODNN7EXAMPLE").list_objects_v2(Bucket=bucket)


def http(url, method="GET", body=None, fields=None):
    request = urllib.request.Request(url, body, fields or {}, method=method)
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(request, context=unverified, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_presigned_addresses(server, bucket):
    s3 = server.client(signature_version="s3v4")  # For a custom endpoint boto3 still presigns with version 2 otherwise.
    key = "a b/\u00e9+"
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": key}, ExpiresIn=60)
    assert http(put, "PUT", b"hello")[0] == 200
    get = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key, "ResponseContentType": "a/b"})
    assert http(get) == (200, b"hello")
    status, body = http(get.replace("a%20b", "a%20c"))
    assert (status, b"SignatureDoesNotMatch" in body) == (403, True)
    status, body = http(get, "DELETE")
    assert (status, b"SignatureDoesNotMatch" in body) == (403, True)
