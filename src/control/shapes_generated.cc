// Written by tool/make_shapes.py from botocore 1.44.5: change the script, not this file.
// One table a kind of thing: the length of this file is the length of the model.
// clang-format off

#include "control/shapes.h"

namespace chiliad::control {
namespace {

using Kind = Shape::Kind;
constexpr std::int64_t kNoMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kNoMax = std::numeric_limits<std::int64_t>::max();

constexpr Operation kOperations[] = {
    {"AddTags", 5, 0}, {"CreateEndpoint", 9, 7}, {"CreateEndpointConfig", 29, 27}, {"CreateModel", 137, 135},
    {"CreateProcessingJob", 175, 173}, {"CreateTrainingJob", 234, 232}, {"CreateTransformJob", 348, 346},
    {"DeleteEndpoint", 374, kNoShape}, {"DeleteEndpointConfig", 375, kNoShape}, {"DeleteModel", 376, kNoShape},
    {"DeleteProcessingJob", 377, kNoShape}, {"DeleteTags", 379, 378}, {"DeleteTrainingJob", 381, kNoShape},
    {"DescribeEndpoint", 407, 382}, {"DescribeEndpointConfig", 409, 408}, {"DescribeModel", 415, 410},
    {"DescribeProcessingJob", 421, 416}, {"DescribeTrainingJob", 455, 422}, {"DescribeTransformJob", 458, 456},
    {"ListEndpointConfigs", 463, 459}, {"ListEndpoints", 471, 468}, {"ListModels", 477, 474},
    {"ListProcessingJobs", 484, 480}, {"ListTags", 488, 487}, {"ListTrainingJobs", 493, 490},
    {"ListTransformJobs", 498, 495}, {"StopProcessingJob", 499, kNoShape}, {"StopTrainingJob", 500, kNoShape},
    {"StopTransformJob", 501, kNoShape}, {"UpdateEndpoint", 503, 502}, {"UpdateEndpointWeightsAndCapacities", 508, 507},
    {"UpdateTrainingJob", 513, 512},
};

constexpr Shape kShapes[] = {
    {Kind::kStructure, 2, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 0: AddTagsOutput
    {Kind::kList, 0, 0, 2, kNoShape, kNoPattern, 0, 50},  // 1: TagList
    {Kind::kStructure, 0, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 2: Tag
    {Kind::kString, 0, 0, kNoShape, kNoShape, 0, 1, 128},  // 3: TagKey
    {Kind::kString, 0, 0, kNoShape, kNoShape, 0, 0, 256},  // 4: TagValue
    {Kind::kStructure, 3, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 5: AddTagsInput
    {Kind::kString, 0, 0, kNoShape, kNoShape, 1, 0, 256},  // 6: ResourceArn
    {Kind::kStructure, 5, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 7: CreateEndpointOutput
    {Kind::kString, 0, 0, kNoShape, kNoShape, 2, 20, 2048},  // 8: EndpointArn
    {Kind::kStructure, 24, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 9: CreateEndpointInput
    {Kind::kString, 0, 0, kNoShape, kNoShape, 3, 0, 63},  // 10: EndpointName
    {Kind::kString, 0, 0, kNoShape, kNoShape, 3, 0, 63},  // 11: EndpointConfigName
    {Kind::kStructure, 21, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 12: DeploymentConfig
    {Kind::kStructure, 12, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 13: BlueGreenUpdatePolicy
    {Kind::kStructure, 8, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 14: TrafficRoutingConfig
    {Kind::kString, 0, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 15: TrafficRoutingConfigType
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 3600},  // 16: WaitIntervalInSeconds
    {Kind::kStructure, 6, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 17: CapacitySize
    {Kind::kString, 3, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 18: CapacitySizeType
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 19: CapacitySizeValue
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 3600},  // 20: TerminationWaitInSeconds
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 600, 28800},  // 21: MaximumExecutionTimeoutInSeconds
    {Kind::kStructure, 15, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 22: RollingUpdatePolicy
    {Kind::kStructure, 20, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 23: AutoRollbackConfig
    {Kind::kList, 0, 0, 25, kNoShape, kNoPattern, 1, 10},  // 24: AlarmList
    {Kind::kStructure, 19, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 25: Alarm
    {Kind::kString, 5, 0, kNoShape, kNoShape, 4, 1, 255},  // 26: AlarmName
    {Kind::kStructure, 28, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 27: CreateEndpointConfigOutput
    {Kind::kString, 5, 0, kNoShape, kNoShape, 5, 20, 2048},  // 28: EndpointConfigArn
    {Kind::kStructure, 121, 13, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 29: CreateEndpointConfigInput
    {Kind::kList, 0, 0, 31, kNoShape, kNoPattern, 1, 10},  // 30: ProductionVariantList
    {Kind::kStructure, 51, 19, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 31: ProductionVariant
    {Kind::kString, 5, 0, kNoShape, kNoShape, 3, 0, 63},  // 32: VariantName
    {Kind::kString, 5, 0, kNoShape, kNoShape, 6, 0, 63},  // 33: ModelName
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 34: InitialTaskCount
    {Kind::kString, 5, 277, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 35: ProductionVariantInstanceType
    {Kind::kList, 0, 0, 37, kNoShape, kNoPattern, 1, 5},  // 36: InstancePoolList
    {Kind::kStructure, 29, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 37: InstancePool
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 5},  // 38: InstancePoolPriority
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 300, 3600},  // 39: VariantInstanceProvisionTimeoutInSeconds
    {Kind::kFloat, 0, 0, kNoShape, kNoShape, kNoPattern, 0, kNoMax},  // 40: VariantWeight
    {Kind::kString, 282, 6, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 41: ProductionVariantAcceleratorType
    {Kind::kStructure, 32, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 42: ProductionVariantCoreDumpConfig
    {Kind::kString, 288, 0, kNoShape, kNoShape, 7, 0, 512},  // 43: DestinationS3Uri
    {Kind::kString, 288, 0, kNoShape, kNoShape, 8, 0, 2048},  // 44: KmsKeyId
    {Kind::kStructure, 34, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 45: ProductionVariantServerlessConfig
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1024, 6144},  // 46: ServerlessMemorySizeInMB
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 200},  // 47: ServerlessMaxConcurrency
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 200},  // 48: ServerlessProvisionedConcurrency
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 512},  // 49: ProductionVariantVolumeSizeInGB
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 60, 3600},  // 50: ProductionVariantModelDataDownloadTimeoutInSeconds
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 60, 3600},  // 51: ProductionVariantContainerStartupHealthCheckTimeoutInSeconds
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 52: ProductionVariantSSMAccess
    {Kind::kStructure, 40, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 53: ProductionVariantManagedInstanceScaling
    {Kind::kString, 288, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 54: ManagedInstanceScalingStatus
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 55: ManagedInstanceScalingMinInstanceCount
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 56: ManagedInstanceScalingMaxInstanceCount
    {Kind::kStructure, 37, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 57: ProductionVariantManagedInstanceScalingScaleInPolicy
    {Kind::kString, 290, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 58: ManagedInstanceScalingScaleInStrategy
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 100},  // 59: ManagedInstanceScalingMaximumStepSize
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 5, 1440},  // 60: ManagedInstanceScalingCooldownInMinutes
    {Kind::kStructure, 46, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 61: ProductionVariantRoutingConfig
    {Kind::kString, 292, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 62: RoutingStrategy
    {Kind::kStructure, 44, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 63: PrefixAwareRoutingConfig
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1024, 65536},  // 64: PrefixAwareRoutingPrefixLength
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 1024},  // 65: PrefixAwareRoutingConcurrencyThreshold
    {Kind::kString, 296, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 66: ProductionVariantInferenceAmiVersion
    {Kind::kStructure, 48, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 67: ProductionVariantCapacityReservationConfig
    {Kind::kString, 301, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 68: CapacityReservationPreference
    {Kind::kString, 302, 0, kNoShape, kNoShape, 9, 20, 258},  // 69: MlReservationArn
    {Kind::kList, 0, 0, 71, kNoShape, kNoPattern, 1, 32},  // 70: ProductionVariantAcceleratorPartitionLayoutsList
    {Kind::kStructure, 50, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 71: AcceleratorPartitionLayout
    {Kind::kList, 0, 0, 73, kNoShape, kNoPattern, 0, 32},  // 72: AcceleratorPartitionTypeList
    {Kind::kString, 302, 0, kNoShape, kNoShape, 10, 0, 32},  // 73: AcceleratorPartitionType
    {Kind::kStructure, 73, 6, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 74: DataCaptureConfig
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 75: EnableCapture
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 100},  // 76: SamplingPercentage
    {Kind::kList, 0, 0, 78, kNoShape, kNoPattern, 1, 32},  // 77: CaptureOptionList
    {Kind::kStructure, 70, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 78: CaptureOption
    {Kind::kString, 302, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 79: CaptureMode
    {Kind::kStructure, 71, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 80: CaptureContentTypeHeader
    {Kind::kList, 0, 0, 82, kNoShape, kNoPattern, 1, 10},  // 81: CsvContentTypes
    {Kind::kString, 305, 0, kNoShape, kNoShape, 11, 1, 256},  // 82: CsvContentType
    {Kind::kList, 0, 0, 84, kNoShape, kNoPattern, 1, 10},  // 83: JsonContentTypes
    {Kind::kString, 305, 0, kNoShape, kNoShape, 11, 1, 256},  // 84: JsonContentType
    {Kind::kStructure, 87, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 85: AsyncInferenceConfig
    {Kind::kStructure, 79, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 86: AsyncInferenceClientConfig
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 1000},  // 87: MaxConcurrentInvocationsPerInstance
    {Kind::kStructure, 83, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 88: AsyncInferenceOutputConfig
    {Kind::kStructure, 80, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 89: AsyncInferenceNotificationConfig
    {Kind::kString, 305, 0, kNoShape, kNoShape, 12, 0, 2048},  // 90: SnsTopicArn
    {Kind::kList, 0, 0, 92, kNoShape, kNoPattern, 0, 2},  // 91: AsyncNotificationTopicTypeList
    {Kind::kString, 305, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 92: AsyncNotificationTopicTypes
    {Kind::kStructure, 113, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 93: ExplainerConfig
    {Kind::kStructure, 110, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 94: ClarifyExplainerConfig
    {Kind::kString, 307, 0, kNoShape, kNoShape, 13, 1, 64},  // 95: ClarifyEnableExplanations
    {Kind::kStructure, 89, 11, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 96: ClarifyInferenceConfig
    {Kind::kString, 307, 0, kNoShape, kNoShape, 13, 1, 64},  // 97: ClarifyFeaturesAttribute
    {Kind::kString, 307, 0, kNoShape, kNoShape, 13, 1, 64},  // 98: ClarifyContentTemplate
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 99: ClarifyMaxRecordCount
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 25},  // 100: ClarifyMaxPayloadInMB
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 101: ClarifyProbabilityIndex
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 102: ClarifyLabelIndex
    {Kind::kString, 307, 0, kNoShape, kNoShape, 13, 1, 64},  // 103: ClarifyProbabilityAttribute
    {Kind::kString, 307, 0, kNoShape, kNoShape, 13, 1, 64},  // 104: ClarifyLabelAttribute
    {Kind::kList, 0, 0, 106, kNoShape, kNoPattern, 1, 16},  // 105: ClarifyLabelHeaders
    {Kind::kString, 307, 0, kNoShape, kNoShape, 13, 1, 64},  // 106: ClarifyHeader
    {Kind::kList, 0, 0, 106, kNoShape, kNoPattern, 1, 256},  // 107: ClarifyFeatureHeaders
    {Kind::kList, 0, 0, 109, kNoShape, kNoPattern, 1, 256},  // 108: ClarifyFeatureTypes
    {Kind::kString, 307, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 109: ClarifyFeatureType
    {Kind::kStructure, 105, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 110: ClarifyShapConfig
    {Kind::kStructure, 100, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 111: ClarifyShapBaselineConfig
    {Kind::kString, 310, 0, kNoShape, kNoShape, 14, 0, 255},  // 112: ClarifyMimeType
    {Kind::kString, 310, 0, kNoShape, kNoShape, 15, 1, 4096},  // 113: ClarifyShapBaseline
    {Kind::kString, 310, 0, kNoShape, kNoShape, 16, 0, 1024},  // 114: Url
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 115: ClarifyShapNumberOfSamples
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 116: ClarifyShapUseLogit
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, -2147483648, 2147483647},  // 117: ClarifyShapSeed
    {Kind::kStructure, 103, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 118: ClarifyTextConfig
    {Kind::kString, 310, 60, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 119: ClarifyTextLanguage
    {Kind::kString, 370, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 120: ClarifyTextGranularity
    {Kind::kString, 373, 0, kNoShape, kNoShape, 17, 20, 2048},  // 121: RoleArn
    {Kind::kStructure, 114, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 122: VpcConfig
    {Kind::kList, 0, 0, 124, kNoShape, kNoPattern, 1, 5},  // 123: VpcSecurityGroupIds
    {Kind::kString, 373, 0, kNoShape, kNoShape, 18, 0, 32},  // 124: SecurityGroupId
    {Kind::kList, 0, 0, 126, kNoShape, kNoPattern, 1, 16},  // 125: Subnets
    {Kind::kString, 373, 0, kNoShape, kNoShape, 18, 0, 32},  // 126: SubnetId
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 127: Boolean
    {Kind::kStructure, 116, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 128: MetricsConfig
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 129: EnableEnhancedMetrics
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 130: EnableDetailedObservability
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, -2147483648, 2147483647},  // 131: MetricPublishFrequencyInSeconds
    {Kind::kStructure, 119, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 132: CrossRegionTrafficConfig
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 10000},  // 133: CrossRegionMaxInvocationsPerSecondPerInstance
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 100},  // 134: CrossRegionPercentPerEndpoint
    {Kind::kStructure, 134, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 135: CreateModelOutput
    {Kind::kString, 373, 0, kNoShape, kNoShape, 19, 20, 2048},  // 136: ModelArn
    {Kind::kStructure, 168, 8, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 137: CreateModelInput
    {Kind::kStructure, 155, 12, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 138: ContainerDefinition
    {Kind::kString, 373, 0, kNoShape, kNoShape, 3, 0, 63},  // 139: ContainerHostname
    {Kind::kString, 373, 0, kNoShape, kNoShape, 20, 0, 255},  // 140: ContainerImage
    {Kind::kStructure, 136, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 141: ImageConfig
    {Kind::kString, 373, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 142: RepositoryAccessMode
    {Kind::kStructure, 135, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 143: RepositoryAuthConfig
    {Kind::kString, 375, 0, kNoShape, kNoShape, 13, 1, 2048},  // 144: RepositoryCredentialsProviderArn
    {Kind::kString, 375, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 145: ContainerMode
    {Kind::kStructure, 148, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 146: ModelDataSource
    {Kind::kStructure, 140, 8, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 147: S3ModelDataSource
    {Kind::kString, 377, 0, kNoShape, kNoShape, 16, 0, 1024},  // 148: S3ModelUri
    {Kind::kString, 377, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 149: S3ModelDataType
    {Kind::kString, 379, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 150: ModelCompressionType
    {Kind::kStructure, 138, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 151: ModelAccessConfig
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 152: AcceptEula
    {Kind::kStructure, 139, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 153: InferenceHubAccessConfig
    {Kind::kString, 381, 0, kNoShape, kNoShape, 13, 0, 255},  // 154: HubContentArn
    {Kind::kString, 381, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 155: String
    {Kind::kList, 0, 0, 157, kNoShape, kNoPattern, 0, 5},  // 156: AdditionalModelDataSources
    {Kind::kStructure, 149, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 157: AdditionalModelDataSource
    {Kind::kString, 381, 0, kNoShape, kNoShape, 21, 1, 64},  // 158: AdditionalModelChannelName
    {Kind::kMap, 0, 0, 161, 160, kNoPattern, 0, 100},  // 159: EnvironmentMap
    {Kind::kString, 381, 0, kNoShape, kNoShape, 22, 0, 1024},  // 160: EnvironmentKey
    {Kind::kString, 381, 0, kNoShape, kNoShape, 23, 0, 1024},  // 161: EnvironmentValue
    {Kind::kString, 381, 0, kNoShape, kNoShape, 24, 1, 176},  // 162: VersionedArnOrName
    {Kind::kString, 381, 0, kNoShape, kNoShape, 3, 1, 63},  // 163: InferenceSpecificationName
    {Kind::kStructure, 151, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 164: MultiModelConfig
    {Kind::kString, 381, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 165: ModelCacheSetting
    {Kind::kStructure, 154, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 166: ContainerMetricsConfig
    {Kind::kList, 0, 0, 168, kNoShape, kNoPattern, 0, 1},  // 167: MetricsEndpointList
    {Kind::kStructure, 152, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 168: MetricsEndpoint
    {Kind::kString, 383, 0, kNoShape, kNoShape, 25, 0, 256},  // 169: MetricsEndpointPath
    {Kind::kList, 0, 0, 138, kNoShape, kNoPattern, 0, 15},  // 170: ContainerDefinitionList
    {Kind::kStructure, 167, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 171: InferenceExecutionConfig
    {Kind::kString, 383, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 172: InferenceExecutionMode
    {Kind::kStructure, 176, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 173: CreateProcessingJobResponse
    {Kind::kString, 385, 0, kNoShape, kNoShape, 26, 0, 256},  // 174: ProcessingJobArn
    {Kind::kStructure, 240, 11, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 175: CreateProcessingJobRequest
    {Kind::kList, 0, 0, 177, kNoShape, kNoPattern, 0, 10},  // 176: ProcessingInputs
    {Kind::kStructure, 205, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 177: ProcessingInput
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 178: AppManaged
    {Kind::kStructure, 177, 6, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 179: ProcessingS3Input
    {Kind::kString, 385, 0, kNoShape, kNoShape, 16, 0, 1024},  // 180: S3Uri
    {Kind::kString, 385, 0, kNoShape, kNoShape, 13, 0, 256},  // 181: ProcessingLocalPath
    {Kind::kString, 385, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 182: ProcessingS3DataType
    {Kind::kString, 387, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 183: ProcessingS3InputMode
    {Kind::kString, 389, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 184: ProcessingS3DataDistributionType
    {Kind::kString, 392, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 185: ProcessingS3CompressionType
    {Kind::kStructure, 200, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 186: DatasetDefinition
    {Kind::kStructure, 183, 8, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 187: AthenaDatasetDefinition
    {Kind::kString, 394, 0, kNoShape, kNoShape, 27, 1, 256},  // 188: AthenaCatalog
    {Kind::kString, 394, 0, kNoShape, kNoShape, 13, 1, 255},  // 189: AthenaDatabase
    {Kind::kString, 394, 0, kNoShape, kNoShape, 15, 1, 4096},  // 190: AthenaQueryString
    {Kind::kString, 394, 0, kNoShape, kNoShape, 28, 1, 128},  // 191: AthenaWorkGroup
    {Kind::kString, 394, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 192: AthenaResultFormat
    {Kind::kString, 399, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 193: AthenaResultCompressionType
    {Kind::kStructure, 191, 9, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 194: RedshiftDatasetDefinition
    {Kind::kString, 402, 0, kNoShape, kNoShape, 13, 1, 63},  // 195: RedshiftClusterId
    {Kind::kString, 402, 0, kNoShape, kNoShape, 13, 1, 64},  // 196: RedshiftDatabase
    {Kind::kString, 402, 0, kNoShape, kNoShape, 13, 1, 128},  // 197: RedshiftUserName
    {Kind::kString, 402, 0, kNoShape, kNoShape, 15, 1, 4096},  // 198: RedshiftQueryString
    {Kind::kString, 402, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 199: RedshiftResultFormat
    {Kind::kString, 404, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 200: RedshiftResultCompressionType
    {Kind::kString, 409, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 201: DataDistributionType
    {Kind::kString, 411, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 202: InputMode
    {Kind::kStructure, 217, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 203: ProcessingOutputConfig
    {Kind::kList, 0, 0, 205, kNoShape, kNoPattern, 0, 10},  // 204: ProcessingOutputs
    {Kind::kStructure, 213, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 205: ProcessingOutput
    {Kind::kStructure, 209, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 206: ProcessingS3Output
    {Kind::kString, 413, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 207: ProcessingS3UploadMode
    {Kind::kStructure, 212, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 208: ProcessingFeatureStoreOutput
    {Kind::kString, 415, 0, kNoShape, kNoShape, 29, 1, 64},  // 209: FeatureGroupName
    {Kind::kString, 415, 0, kNoShape, kNoShape, 3, 1, 63},  // 210: ProcessingJobName
    {Kind::kStructure, 228, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 211: ProcessingResources
    {Kind::kStructure, 221, 7, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 212: ProcessingClusterConfig
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 100},  // 213: ProcessingInstanceCount
    {Kind::kString, 415, 207, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 214: ProcessingInstanceType
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 16384},  // 215: ProcessingVolumeSizeInGB
    {Kind::kList, 0, 0, 217, kNoShape, kNoPattern, 1, 5},  // 216: ProcessingInstancePreferenceList
    {Kind::kStructure, 219, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 217: ProcessingInstancePreference
    {Kind::kStructure, 229, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 218: ProcessingStoppingCondition
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 777600},  // 219: ProcessingMaxRuntimeInSeconds
    {Kind::kStructure, 230, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 220: AppSpecification
    {Kind::kString, 622, 0, kNoShape, kNoShape, 13, 0, 255},  // 221: ImageUri
    {Kind::kList, 0, 0, 223, kNoShape, kNoPattern, 1, 100},  // 222: ContainerEntrypoint
    {Kind::kString, 622, 0, kNoShape, kNoShape, 13, 0, 256},  // 223: ContainerEntrypointString
    {Kind::kList, 0, 0, 225, kNoShape, kNoPattern, 1, 100},  // 224: ContainerArguments
    {Kind::kString, 622, 0, kNoShape, kNoShape, 13, 0, 256},  // 225: ContainerArgument
    {Kind::kMap, 0, 0, 228, 227, kNoPattern, 0, 100},  // 226: ProcessingEnvironmentMap
    {Kind::kString, 622, 0, kNoShape, kNoShape, 22, 0, 256},  // 227: ProcessingEnvironmentKey
    {Kind::kString, 622, 0, kNoShape, kNoShape, 23, 0, 256},  // 228: ProcessingEnvironmentValue
    {Kind::kStructure, 233, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 229: NetworkConfig
    {Kind::kStructure, 236, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 230: ExperimentConfig
    {Kind::kString, 622, 0, kNoShape, kNoShape, 30, 1, 120},  // 231: ExperimentEntityName
    {Kind::kStructure, 251, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 232: CreateTrainingJobResponse
    {Kind::kString, 622, 0, kNoShape, kNoShape, 31, 0, 256},  // 233: TrainingJobArn
    {Kind::kStructure, 361, 28, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 234: CreateTrainingJobRequest
    {Kind::kString, 622, 0, kNoShape, kNoShape, 3, 1, 63},  // 235: TrainingJobName
    {Kind::kMap, 0, 0, 238, 237, kNoPattern, 0, 100},  // 236: HyperParameters
    {Kind::kString, 622, 0, kNoShape, kNoShape, 13, 0, 256},  // 237: HyperParameterKey
    {Kind::kString, 622, 0, kNoShape, kNoShape, 13, 0, 2500},  // 238: HyperParameterValue
    {Kind::kStructure, 257, 8, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 239: AlgorithmSpecification
    {Kind::kString, 622, 0, kNoShape, kNoShape, 13, 0, 255},  // 240: AlgorithmImage
    {Kind::kString, 622, 0, kNoShape, kNoShape, 32, 1, 170},  // 241: ArnOrName
    {Kind::kString, 622, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 242: TrainingInputMode
    {Kind::kList, 0, 0, 244, kNoShape, kNoPattern, 0, 40},  // 243: MetricDefinitionList
    {Kind::kStructure, 252, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 244: MetricDefinition
    {Kind::kString, 625, 0, kNoShape, kNoShape, 33, 1, 255},  // 245: MetricName
    {Kind::kString, 625, 0, kNoShape, kNoShape, 33, 1, 500},  // 246: MetricRegex
    {Kind::kList, 0, 0, 248, kNoShape, kNoPattern, 1, 100},  // 247: TrainingContainerEntrypoint
    {Kind::kString, 625, 0, kNoShape, kNoShape, 13, 0, 256},  // 248: TrainingContainerEntrypointString
    {Kind::kList, 0, 0, 250, kNoShape, kNoPattern, 1, 100},  // 249: TrainingContainerArguments
    {Kind::kString, 625, 0, kNoShape, kNoShape, 13, 0, 256},  // 250: TrainingContainerArgument
    {Kind::kStructure, 255, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 251: TrainingImageConfig
    {Kind::kString, 625, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 252: TrainingRepositoryAccessMode
    {Kind::kStructure, 254, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 253: TrainingRepositoryAuthConfig
    {Kind::kString, 627, 0, kNoShape, kNoShape, 34, 1, 2048},  // 254: TrainingRepositoryCredentialsProviderArn
    {Kind::kList, 0, 0, 256, kNoShape, kNoPattern, 1, 20},  // 255: InputDataConfig
    {Kind::kStructure, 282, 7, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 256: Channel
    {Kind::kString, 627, 0, kNoShape, kNoShape, 21, 1, 64},  // 257: ChannelName
    {Kind::kStructure, 278, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 258: DataSource
    {Kind::kStructure, 266, 7, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 259: S3DataSource
    {Kind::kString, 627, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 260: S3DataType
    {Kind::kString, 631, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 261: S3DataDistribution
    {Kind::kList, 0, 0, 263, kNoShape, kNoPattern, 0, 16},  // 262: AttributeNames
    {Kind::kString, 634, 0, kNoShape, kNoShape, 33, 1, 256},  // 263: AttributeName
    {Kind::kList, 0, 0, 265, kNoShape, kNoPattern, 0, 5},  // 264: InstanceGroupNames
    {Kind::kString, 634, 0, kNoShape, kNoShape, 33, 1, 64},  // 265: InstanceGroupName
    {Kind::kStructure, 265, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 266: HubAccessConfig
    {Kind::kStructure, 273, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 267: FileSystemDataSource
    {Kind::kString, 634, 0, kNoShape, kNoShape, 35, 11, 21},  // 268: FileSystemId
    {Kind::kString, 634, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 269: FileSystemAccessMode
    {Kind::kString, 636, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 270: FileSystemType
    {Kind::kString, 638, 0, kNoShape, kNoShape, 13, 0, 4096},  // 271: DirectoryPath
    {Kind::kStructure, 277, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 272: DatasetSource
    {Kind::kString, 638, 0, kNoShape, kNoShape, 36, 0, 2048},  // 273: HubDataSetArn
    {Kind::kString, 638, 0, kNoShape, kNoShape, 13, 0, 256},  // 274: ContentType
    {Kind::kString, 638, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 275: CompressionType
    {Kind::kString, 640, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 276: RecordWrapper
    {Kind::kStructure, 281, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 277: ShuffleConfig
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 278: Seed
    {Kind::kStructure, 289, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 279: OutputDataConfig
    {Kind::kString, 642, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 280: OutputCompressionType
    {Kind::kStructure, 302, 11, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 281: ResourceConfig
    {Kind::kString, 644, 225, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 282: TrainingInstanceType
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 283: TrainingInstanceCount
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 284: OptionalVolumeSizeInGB
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 21600},  // 285: KeepAlivePeriodInSeconds
    {Kind::kList, 0, 0, 287, kNoShape, kNoPattern, 0, 5},  // 286: InstanceGroups
    {Kind::kStructure, 292, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 287: InstanceGroup
    {Kind::kString, 869, 0, kNoShape, kNoShape, 37, 50, 2048},  // 288: TrainingPlanArn
    {Kind::kStructure, 297, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 289: InstancePlacementConfig
    {Kind::kList, 0, 0, 291, kNoShape, kNoPattern, 0, 10},  // 290: PlacementSpecifications
    {Kind::kStructure, 295, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 291: PlacementSpecification
    {Kind::kString, 869, 0, kNoShape, kNoShape, kNoPattern, 0, 256},  // 292: String256
    {Kind::kList, 0, 0, 294, kNoShape, kNoPattern, 1, 5},  // 293: InstancePreferenceList
    {Kind::kStructure, 299, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 294: InstancePreference
    {Kind::kList, 0, 0, 288, kNoShape, kNoPattern, 1, 1},  // 295: TrainingPlanArnList
    {Kind::kStructure, 313, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 296: StoppingCondition
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 297: MaxRuntimeInSeconds
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 298: MaxWaitTimeInSeconds
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1800, 2419200},  // 299: MaxPendingTimeInSeconds
    {Kind::kStructure, 316, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 300: CheckpointConfig
    {Kind::kStructure, 320, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 301: DebugHookConfig
    {Kind::kMap, 0, 0, 304, 303, kNoPattern, 0, 20},  // 302: HookParameters
    {Kind::kString, 869, 0, kNoShape, kNoShape, 13, 1, 256},  // 303: ConfigKey
    {Kind::kString, 869, 0, kNoShape, kNoShape, 13, 0, 256},  // 304: ConfigValue
    {Kind::kList, 0, 0, 306, kNoShape, kNoPattern, 0, 20},  // 305: CollectionConfigurations
    {Kind::kStructure, 318, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 306: CollectionConfiguration
    {Kind::kString, 869, 0, kNoShape, kNoShape, 13, 1, 256},  // 307: CollectionName
    {Kind::kMap, 0, 0, 304, 303, kNoPattern, 0, 20},  // 308: CollectionParameters
    {Kind::kList, 0, 0, 310, kNoShape, kNoPattern, 0, 20},  // 309: DebugRuleConfigurations
    {Kind::kStructure, 324, 7, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 310: DebugRuleConfiguration
    {Kind::kString, 869, 0, kNoShape, kNoShape, 13, 1, 256},  // 311: RuleConfigurationName
    {Kind::kMap, 0, 0, 304, 303, kNoPattern, 0, 100},  // 312: RuleParameters
    {Kind::kStructure, 331, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 313: TensorBoardOutputConfig
    {Kind::kStructure, 333, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 314: ProfilerConfig
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 315: ProfilingIntervalInMilliseconds
    {Kind::kMap, 0, 0, 304, 303, kNoPattern, 0, 20},  // 316: ProfilingParameters
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 317: DisableProfiler
    {Kind::kList, 0, 0, 319, kNoShape, kNoPattern, 0, 20},  // 318: ProfilerRuleConfigurations
    {Kind::kStructure, 337, 7, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 319: ProfilerRuleConfiguration
    {Kind::kMap, 0, 0, 322, 321, kNoPattern, 0, 100},  // 320: TrainingEnvironmentMap
    {Kind::kString, 869, 0, kNoShape, kNoShape, 22, 0, 512},  // 321: TrainingEnvironmentKey
    {Kind::kString, 869, 0, kNoShape, kNoShape, 23, 0, 512},  // 322: TrainingEnvironmentValue
    {Kind::kStructure, 344, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 323: RetryStrategy
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 30},  // 324: MaximumRetryAttempts
    {Kind::kStructure, 345, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 325: RemoteDebugConfig
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 326: EnableRemoteDebug
    {Kind::kStructure, 346, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 327: InfraCheckConfig
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 328: EnableInfraCheck
    {Kind::kStructure, 347, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 329: SessionChainingConfig
    {Kind::kBoolean, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 330: EnableSessionTagChaining
    {Kind::kStructure, 348, 8, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 331: ServerlessJobConfig
    {Kind::kString, 869, 0, kNoShape, kNoShape, 38, 1, 2048},  // 332: ServerlessJobBaseModelArn
    {Kind::kString, 869, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 333: ServerlessJobType
    {Kind::kString, 871, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 334: CustomizationTechnique
    {Kind::kString, 875, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 335: Peft
    {Kind::kString, 876, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 336: EvaluationType
    {Kind::kString, 879, 0, kNoShape, kNoShape, 13, kNoMin, kNoMax},  // 337: EvaluatorArn
    {Kind::kString, 879, 0, kNoShape, kNoShape, 39, 1, 50},  // 338: SequenceLength
    {Kind::kStructure, 356, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 339: MlflowConfig
    {Kind::kString, 879, 0, kNoShape, kNoShape, 40, 0, 2048},  // 340: MlFlowResourceArn
    {Kind::kString, 879, 0, kNoShape, kNoShape, 13, 1, 256},  // 341: MlflowExperimentName
    {Kind::kString, 879, 0, kNoShape, kNoShape, 13, 1, 256},  // 342: MlflowRunName
    {Kind::kStructure, 359, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 343: ModelPackageConfig
    {Kind::kString, 879, 0, kNoShape, kNoShape, 41, 1, 2048},  // 344: ModelPackageGroupArn
    {Kind::kString, 879, 0, kNoShape, kNoShape, 42, 1, 2048},  // 345: ModelPackageArn
    {Kind::kStructure, 389, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 346: CreateTransformJobResponse
    {Kind::kString, 879, 0, kNoShape, kNoShape, 43, 0, 256},  // 347: TransformJobArn
    {Kind::kStructure, 413, 14, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 348: CreateTransformJobRequest
    {Kind::kString, 879, 0, kNoShape, kNoShape, 3, 1, 63},  // 349: TransformJobName
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 350: MaxConcurrentTransforms
    {Kind::kStructure, 390, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 351: ModelClientConfig
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 3600},  // 352: InvocationsTimeoutInSeconds
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 3},  // 353: InvocationsMaxRetries
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 354: MaxPayloadInMB
    {Kind::kString, 879, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 355: BatchStrategy
    {Kind::kMap, 0, 0, 358, 357, kNoPattern, 0, 16},  // 356: TransformEnvironmentMap
    {Kind::kString, 881, 0, kNoShape, kNoShape, 44, 0, 1024},  // 357: TransformEnvironmentKey
    {Kind::kString, 881, 0, kNoShape, kNoShape, 23, 0, 10240},  // 358: TransformEnvironmentValue
    {Kind::kStructure, 395, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 359: TransformInput
    {Kind::kStructure, 394, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 360: TransformDataSource
    {Kind::kStructure, 392, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 361: TransformS3DataSource
    {Kind::kString, 881, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 362: SplitType
    {Kind::kStructure, 399, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 363: TransformOutput
    {Kind::kString, 885, 0, kNoShape, kNoShape, 13, 0, 256},  // 364: Accept
    {Kind::kString, 885, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 365: AssemblyType
    {Kind::kStructure, 403, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 366: BatchDataCaptureConfig
    {Kind::kStructure, 406, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 367: TransformResources
    {Kind::kString, 887, 116, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 368: TransformInstanceType
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 369: TransformInstanceCount
    {Kind::kString, 1003, 0, kNoShape, kNoShape, 45, 1, 63},  // 370: TransformAmiVersion
    {Kind::kStructure, 410, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 371: DataProcessing
    {Kind::kString, 1003, 0, kNoShape, kNoShape, kNoPattern, 0, 63},  // 372: JsonPath
    {Kind::kString, 1003, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 373: JoinSource
    {Kind::kStructure, 427, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 374: DeleteEndpointInput
    {Kind::kStructure, 428, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 375: DeleteEndpointConfigInput
    {Kind::kStructure, 429, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 376: DeleteModelInput
    {Kind::kStructure, 430, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 377: DeleteProcessingJobRequest
    {Kind::kStructure, 431, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 378: DeleteTagsOutput
    {Kind::kStructure, 431, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 379: DeleteTagsInput
    {Kind::kList, 0, 0, 3, kNoShape, kNoPattern, 1, 50},  // 380: TagKeyList
    {Kind::kStructure, 433, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 381: DeleteTrainingJobRequest
    {Kind::kStructure, 490, 16, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 382: DescribeEndpointOutput
    {Kind::kList, 0, 0, 384, kNoShape, kNoPattern, 1, kNoMax},  // 383: ProductionVariantSummaryList
    {Kind::kStructure, 452, 14, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 384: ProductionVariantSummary
    {Kind::kList, 0, 0, 386, kNoShape, kNoPattern, kNoMin, kNoMax},  // 385: DeployedImages
    {Kind::kStructure, 434, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 386: DeployedImage
    {Kind::kTimestamp, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 387: Timestamp
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 388: TaskCount
    {Kind::kList, 0, 0, 390, kNoShape, kNoPattern, 1, kNoMax},  // 389: InstancePoolSummaryList
    {Kind::kStructure, 437, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 390: InstancePoolSummary
    {Kind::kList, 0, 0, 392, kNoShape, kNoPattern, 0, 5},  // 391: ProductionVariantStatusList
    {Kind::kStructure, 439, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 392: ProductionVariantStatus
    {Kind::kString, 1005, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 393: VariantStatus
    {Kind::kString, 1010, 0, kNoShape, kNoShape, kNoPattern, 0, 1024},  // 394: VariantStatusMessage
    {Kind::kStructure, 446, 6, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 395: ProductionVariantCapacityReservationSummary
    {Kind::kList, 0, 0, 397, kNoShape, kNoPattern, kNoMin, kNoMax},  // 396: Ec2CapacityReservationsList
    {Kind::kStructure, 442, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 397: Ec2CapacityReservation
    {Kind::kString, 1010, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 398: Ec2CapacityReservationId
    {Kind::kList, 0, 0, 71, kNoShape, kNoPattern, 0, 32},  // 399: AcceleratorPartitionLayouts
    {Kind::kStructure, 466, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 400: DataCaptureConfigSummary
    {Kind::kString, 1010, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 401: CaptureStatus
    {Kind::kString, 1012, 9, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 402: EndpointStatus
    {Kind::kString, 1021, 0, kNoShape, kNoShape, kNoPattern, 0, 1024},  // 403: FailureReason
    {Kind::kStructure, 486, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 404: PendingDeploymentSummary
    {Kind::kList, 0, 0, 406, kNoShape, kNoPattern, 1, kNoMax},  // 405: PendingProductionVariantSummaryList
    {Kind::kStructure, 471, 15, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 406: PendingProductionVariantSummary
    {Kind::kStructure, 506, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 407: DescribeEndpointInput
    {Kind::kStructure, 507, 14, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 408: DescribeEndpointConfigOutput
    {Kind::kStructure, 521, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 409: DescribeEndpointConfigInput
    {Kind::kStructure, 527, 10, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 410: DescribeModelOutput
    {Kind::kStructure, 525, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 411: DeploymentRecommendation
    {Kind::kString, 1021, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 412: RecommendationStatus
    {Kind::kList, 0, 0, 414, kNoShape, kNoPattern, 0, 3},  // 413: RealTimeInferenceRecommendations
    {Kind::kStructure, 522, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 414: RealTimeInferenceRecommendation
    {Kind::kStructure, 537, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 415: DescribeModelInput
    {Kind::kStructure, 538, 21, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 416: DescribeProcessingJobResponse
    {Kind::kString, 1025, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 417: ProcessingJobStatus
    {Kind::kString, 1030, 0, kNoShape, kNoShape, 23, 0, 1024},  // 418: ExitMessage
    {Kind::kString, 1030, 0, kNoShape, kNoShape, 13, 0, 256},  // 419: MonitoringScheduleArn
    {Kind::kString, 1030, 0, kNoShape, kNoShape, 46, 1, 256},  // 420: AutoMLJobArn
    {Kind::kStructure, 559, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 421: DescribeProcessingJobRequest
    {Kind::kStructure, 587, 50, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 422: DescribeTrainingJobResponse
    {Kind::kString, 1030, 0, kNoShape, kNoShape, 47, 0, 256},  // 423: HyperParameterTuningJobArn
    {Kind::kString, 1030, 0, kNoShape, kNoShape, 48, 0, 2048},  // 424: LabelingJobArn
    {Kind::kStructure, 560, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 425: ModelArtifacts
    {Kind::kString, 1030, 6, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 426: TrainingJobStatus
    {Kind::kString, 1036, 17, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 427: SecondaryStatus
    {Kind::kStructure, 561, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 428: WarmPoolStatus
    {Kind::kString, 1053, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 429: WarmPoolResourceStatus
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, 2147483647},  // 430: ResourceRetainedBillableTimeInSeconds
    {Kind::kList, 0, 0, 432, kNoShape, kNoPattern, kNoMin, kNoMax},  // 431: SecondaryStatusTransitions
    {Kind::kStructure, 564, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 432: SecondaryStatusTransition
    {Kind::kString, 1057, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 433: StatusMessage
    {Kind::kList, 0, 0, 435, kNoShape, kNoPattern, 0, 40},  // 434: FinalMetricDataList
    {Kind::kStructure, 568, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 435: MetricData
    {Kind::kFloat, 0, 0, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 436: Float
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 437: TrainingTimeInSeconds
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 2147483647},  // 438: BillableTimeInSeconds
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, kNoMax},  // 439: BillableTokenCount
    {Kind::kList, 0, 0, 441, kNoShape, kNoPattern, 0, 20},  // 440: DebugRuleEvaluationStatuses
    {Kind::kStructure, 571, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 441: DebugRuleEvaluationStatus
    {Kind::kString, 1057, 6, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 442: RuleEvaluationStatus
    {Kind::kString, 1063, 0, kNoShape, kNoShape, 13, 0, 1024},  // 443: StatusDetails
    {Kind::kList, 0, 0, 445, kNoShape, kNoPattern, 0, 20},  // 444: ProfilerRuleEvaluationStatuses
    {Kind::kStructure, 576, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 445: ProfilerRuleEvaluationStatus
    {Kind::kString, 1063, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 446: ProfilingStatus
    {Kind::kStructure, 581, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 447: MlflowDetails
    {Kind::kString, 1065, 0, kNoShape, kNoShape, 13, 1, 256},  // 448: MlflowExperimentId
    {Kind::kString, 1065, 0, kNoShape, kNoShape, 13, 1, 256},  // 449: MlflowRunId
    {Kind::kStructure, 583, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 450: TrainingProgressInfo
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, kNoMax},  // 451: TotalStepCountPerEpoch
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, kNoMax},  // 452: TrainingStepIndex
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, kNoMax},  // 453: TrainingEpochIndex
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 0, kNoMax},  // 454: TrainingEpochCount
    {Kind::kStructure, 637, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 455: DescribeTrainingJobRequest
    {Kind::kStructure, 638, 21, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 456: DescribeTransformJobResponse
    {Kind::kString, 1065, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 457: TransformJobStatus
    {Kind::kStructure, 659, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 458: DescribeTransformJobRequest
    {Kind::kStructure, 663, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 459: ListEndpointConfigsOutput
    {Kind::kList, 0, 0, 461, kNoShape, kNoPattern, kNoMin, kNoMax},  // 460: EndpointConfigSummaryList
    {Kind::kStructure, 660, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 461: EndpointConfigSummary
    {Kind::kString, 1070, 0, kNoShape, kNoShape, 13, 0, 8192},  // 462: PaginationToken
    {Kind::kStructure, 665, 7, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 463: ListEndpointConfigsInput
    {Kind::kString, 1070, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 464: EndpointConfigSortKey
    {Kind::kString, 1072, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 465: OrderKey
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 1, 100},  // 466: MaxResults
    {Kind::kString, 1074, 0, kNoShape, kNoShape, 49, 0, 63},  // 467: EndpointConfigNameContains
    {Kind::kStructure, 677, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 468: ListEndpointsOutput
    {Kind::kList, 0, 0, 470, kNoShape, kNoPattern, kNoMin, kNoMax},  // 469: EndpointSummaryList
    {Kind::kStructure, 672, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 470: EndpointSummary
    {Kind::kStructure, 679, 10, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 471: ListEndpointsInput
    {Kind::kString, 1074, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 472: EndpointSortKey
    {Kind::kString, 1077, 0, kNoShape, kNoShape, 49, 0, 63},  // 473: EndpointNameContains
    {Kind::kStructure, 692, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 474: ListModelsOutput
    {Kind::kList, 0, 0, 476, kNoShape, kNoPattern, kNoMin, kNoMax},  // 475: ModelSummaryList
    {Kind::kStructure, 689, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 476: ModelSummary
    {Kind::kStructure, 694, 7, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 477: ListModelsInput
    {Kind::kString, 1077, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 478: ModelSortKey
    {Kind::kString, 1079, 0, kNoShape, kNoShape, 49, 0, 63},  // 479: ModelNameContains
    {Kind::kStructure, 709, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 480: ListProcessingJobsResponse
    {Kind::kList, 0, 0, 482, kNoShape, kNoPattern, kNoMin, kNoMax},  // 481: ProcessingJobSummaries
    {Kind::kStructure, 701, 8, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 482: ProcessingJobSummary
    {Kind::kString, 1079, 0, kNoShape, kNoShape, 13, 0, 8192},  // 483: NextToken
    {Kind::kStructure, 711, 10, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 484: ListProcessingJobsRequest
    {Kind::kString, 1079, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 485: SortBy
    {Kind::kString, 1082, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 486: SortOrder
    {Kind::kStructure, 721, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 487: ListTagsOutput
    {Kind::kStructure, 723, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 488: ListTagsInput
    {Kind::kInteger, 0, 0, kNoShape, kNoShape, kNoPattern, 50, 2147483647},  // 489: ListTagsMaxResults
    {Kind::kStructure, 735, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 490: ListTrainingJobsResponse
    {Kind::kList, 0, 0, 492, kNoShape, kNoPattern, kNoMin, kNoMax},  // 491: TrainingJobSummaries
    {Kind::kStructure, 726, 9, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 492: TrainingJobSummary
    {Kind::kStructure, 737, 12, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 493: ListTrainingJobsRequest
    {Kind::kString, 1084, 0, kNoShape, kNoShape, 50, 0, 63},  // 494: NameContains
    {Kind::kStructure, 756, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 495: ListTransformJobsResponse
    {Kind::kList, 0, 0, 497, kNoShape, kNoPattern, kNoMin, kNoMax},  // 496: TransformJobSummaries
    {Kind::kStructure, 749, 7, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 497: TransformJobSummary
    {Kind::kStructure, 758, 10, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 498: ListTransformJobsRequest
    {Kind::kStructure, 768, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 499: StopProcessingJobRequest
    {Kind::kStructure, 769, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 500: StopTrainingJobRequest
    {Kind::kStructure, 770, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 501: StopTransformJobRequest
    {Kind::kStructure, 771, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 502: UpdateEndpointOutput
    {Kind::kStructure, 773, 6, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 503: UpdateEndpointInput
    {Kind::kList, 0, 0, 505, kNoShape, kNoPattern, 0, 3},  // 504: VariantPropertyList
    {Kind::kStructure, 772, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 505: VariantProperty
    {Kind::kString, 1084, 3, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 506: VariantPropertyType
    {Kind::kStructure, 779, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 507: UpdateEndpointWeightsAndCapacitiesOutput
    {Kind::kStructure, 786, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 508: UpdateEndpointWeightsAndCapacitiesInput
    {Kind::kList, 0, 0, 510, kNoShape, kNoPattern, 1, kNoMax},  // 509: DesiredWeightAndCapacityList
    {Kind::kStructure, 782, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 510: DesiredWeightAndCapacity
    {Kind::kStructure, 780, 2, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 511: ProductionVariantServerlessUpdateConfig
    {Kind::kStructure, 788, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 512: UpdateTrainingJobResponse
    {Kind::kStructure, 795, 5, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 513: UpdateTrainingJobRequest
    {Kind::kStructure, 789, 4, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 514: ProfilerConfigForUpdate
    {Kind::kStructure, 793, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 515: ResourceConfigForUpdate
    {Kind::kStructure, 794, 1, kNoShape, kNoShape, kNoPattern, kNoMin, kNoMax},  // 516: RemoteDebugConfigForUpdate
};

constexpr Member kMembers[] = {
    {"Key", 3, true}, {"Value", 4, true}, {"Tags", 1, false}, {"ResourceArn", 6, true}, {"Tags", 1, true},
    {"EndpointArn", 8, true}, {"Type", 18, true}, {"Value", 19, true}, {"Type", 15, true},
    {"WaitIntervalInSeconds", 16, true}, {"CanarySize", 17, false}, {"LinearStepSize", 17, false},
    {"TrafficRoutingConfiguration", 14, true}, {"TerminationWaitInSeconds", 20, false},
    {"MaximumExecutionTimeoutInSeconds", 21, false}, {"MaximumBatchSize", 17, true},
    {"WaitIntervalInSeconds", 16, true}, {"MaximumExecutionTimeoutInSeconds", 21, false},
    {"RollbackMaximumBatchSize", 17, false}, {"AlarmName", 26, false}, {"Alarms", 24, false},
    {"BlueGreenUpdatePolicy", 13, false}, {"RollingUpdatePolicy", 22, false}, {"AutoRollbackConfiguration", 23, false},
    {"EndpointName", 10, true}, {"EndpointConfigName", 11, true}, {"DeploymentConfig", 12, false}, {"Tags", 1, false},
    {"EndpointConfigArn", 28, true}, {"InstanceType", 35, true}, {"ModelNameOverride", 33, false},
    {"Priority", 38, true}, {"DestinationS3Uri", 43, true}, {"KmsKeyId", 44, false}, {"MemorySizeInMB", 46, true},
    {"MaxConcurrency", 47, true}, {"ProvisionedConcurrency", 48, false}, {"Strategy", 58, true},
    {"MaximumStepSize", 59, false}, {"CooldownInMinutes", 60, false}, {"Status", 54, false},
    {"MinInstanceCount", 55, false}, {"MaxInstanceCount", 56, false}, {"ScaleInPolicy", 57, false},
    {"PrefixLength", 64, false}, {"ConcurrencyThreshold", 65, false}, {"RoutingStrategy", 62, true},
    {"PrefixAwareRoutingConfig", 63, false}, {"CapacityReservationPreference", 68, false},
    {"MlReservationArn", 69, false}, {"AcceleratorPartitionTypes", 72, false}, {"VariantName", 32, true},
    {"ModelName", 33, false}, {"InitialInstanceCount", 34, false}, {"InstanceType", 35, false},
    {"InstancePools", 36, false}, {"VariantInstanceProvisionTimeoutInSeconds", 39, false},
    {"InitialVariantWeight", 40, false}, {"AcceleratorType", 41, false}, {"CoreDumpConfig", 42, false},
    {"ServerlessConfig", 45, false}, {"VolumeSizeInGB", 49, false}, {"ModelDataDownloadTimeoutInSeconds", 50, false},
    {"ContainerStartupHealthCheckTimeoutInSeconds", 51, false}, {"EnableSSMAccess", 52, false},
    {"ManagedInstanceScaling", 53, false}, {"RoutingConfig", 61, false}, {"InferenceAmiVersion", 66, false},
    {"CapacityReservationConfig", 67, false}, {"AcceleratorPartitionLayouts", 70, false}, {"CaptureMode", 79, true},
    {"CsvContentTypes", 81, false}, {"JsonContentTypes", 83, false}, {"EnableCapture", 75, false},
    {"InitialSamplingPercentage", 76, true}, {"DestinationS3Uri", 43, true}, {"KmsKeyId", 44, false},
    {"CaptureOptions", 77, true}, {"CaptureContentTypeHeader", 80, false},
    {"MaxConcurrentInvocationsPerInstance", 87, false}, {"SuccessTopic", 90, false}, {"ErrorTopic", 90, false},
    {"IncludeInferenceResponseIn", 91, false}, {"KmsKeyId", 44, false}, {"S3OutputPath", 43, false},
    {"NotificationConfig", 89, false}, {"S3FailurePath", 43, false}, {"ClientConfig", 86, false},
    {"OutputConfig", 88, true}, {"FeaturesAttribute", 97, false}, {"ContentTemplate", 98, false},
    {"MaxRecordCount", 99, false}, {"MaxPayloadInMB", 100, false}, {"ProbabilityIndex", 101, false},
    {"LabelIndex", 102, false}, {"ProbabilityAttribute", 103, false}, {"LabelAttribute", 104, false},
    {"LabelHeaders", 105, false}, {"FeatureHeaders", 107, false}, {"FeatureTypes", 108, false},
    {"MimeType", 112, false}, {"ShapBaseline", 113, false}, {"ShapBaselineUri", 114, false}, {"Language", 119, true},
    {"Granularity", 120, true}, {"ShapBaselineConfig", 111, true}, {"NumberOfSamples", 115, false},
    {"UseLogit", 116, false}, {"Seed", 117, false}, {"TextConfig", 118, false}, {"EnableExplanations", 95, false},
    {"InferenceConfig", 96, false}, {"ShapConfig", 110, true}, {"ClarifyExplainerConfig", 94, false},
    {"SecurityGroupIds", 123, true}, {"Subnets", 125, true}, {"EnableEnhancedMetrics", 129, false},
    {"EnableDetailedObservability", 130, false}, {"MetricPublishFrequencyInSeconds", 131, false},
    {"MaxInvocationsPerSecondPerInstance", 133, true}, {"MaxCrossRegionPercentPerEndpoint", 134, true},
    {"EndpointConfigName", 11, true}, {"ProductionVariants", 30, true}, {"DataCaptureConfig", 74, false},
    {"Tags", 1, false}, {"KmsKeyId", 44, false}, {"AsyncInferenceConfig", 85, false}, {"ExplainerConfig", 93, false},
    {"ShadowProductionVariants", 30, false}, {"ExecutionRoleArn", 121, false}, {"VpcConfig", 122, false},
    {"EnableNetworkIsolation", 127, false}, {"MetricsConfig", 128, false}, {"CrossRegionTrafficConfig", 132, false},
    {"ModelArn", 136, true}, {"RepositoryCredentialsProviderArn", 144, true}, {"RepositoryAccessMode", 142, true},
    {"RepositoryAuthConfig", 143, false}, {"AcceptEula", 152, true}, {"HubContentArn", 154, true}, {"S3Uri", 148, true},
    {"S3DataType", 149, true}, {"CompressionType", 150, true}, {"ModelAccessConfig", 151, false},
    {"HubAccessConfig", 153, false}, {"ManifestS3Uri", 148, false}, {"ETag", 155, false}, {"ManifestEtag", 155, false},
    {"S3DataSource", 147, false}, {"ChannelName", 158, true}, {"S3DataSource", 147, true},
    {"ModelCacheSetting", 165, false}, {"MetricsEndpointPath", 169, true},
    {"MetricPublishFrequencyInSeconds", 131, false}, {"MetricsEndpoints", 167, false},
    {"ContainerHostname", 139, false}, {"Image", 140, false}, {"ImageConfig", 141, false}, {"Mode", 145, false},
    {"ModelDataUrl", 114, false}, {"ModelDataSource", 146, false}, {"AdditionalModelDataSources", 156, false},
    {"Environment", 159, false}, {"ModelPackageName", 162, false}, {"InferenceSpecificationName", 163, false},
    {"MultiModelConfig", 164, false}, {"ContainerMetricsConfig", 166, false}, {"Mode", 172, true},
    {"ModelName", 33, true}, {"PrimaryContainer", 138, false}, {"Containers", 170, false},
    {"InferenceExecutionConfig", 171, false}, {"ExecutionRoleArn", 121, false}, {"Tags", 1, false},
    {"VpcConfig", 122, false}, {"EnableNetworkIsolation", 127, false}, {"ProcessingJobArn", 174, true},
    {"S3Uri", 180, true}, {"LocalPath", 181, false}, {"S3DataType", 182, true}, {"S3InputMode", 183, false},
    {"S3DataDistributionType", 184, false}, {"S3CompressionType", 185, false}, {"Catalog", 188, true},
    {"Database", 189, true}, {"QueryString", 190, true}, {"WorkGroup", 191, false}, {"OutputS3Uri", 180, true},
    {"KmsKeyId", 44, false}, {"OutputFormat", 192, true}, {"OutputCompression", 193, false}, {"ClusterId", 195, true},
    {"Database", 196, true}, {"DbUser", 197, true}, {"QueryString", 198, true}, {"ClusterRoleArn", 121, true},
    {"OutputS3Uri", 180, true}, {"KmsKeyId", 44, false}, {"OutputFormat", 199, true}, {"OutputCompression", 200, false},
    {"AthenaDatasetDefinition", 187, false}, {"RedshiftDatasetDefinition", 194, false}, {"LocalPath", 181, false},
    {"DataDistributionType", 201, false}, {"InputMode", 202, false}, {"InputName", 155, true},
    {"AppManaged", 178, false}, {"S3Input", 179, false}, {"DatasetDefinition", 186, false}, {"S3Uri", 180, true},
    {"LocalPath", 181, false}, {"S3UploadMode", 207, true}, {"FeatureGroupName", 209, true}, {"OutputName", 155, true},
    {"S3Output", 206, false}, {"FeatureStoreOutput", 208, false}, {"AppManaged", 178, false}, {"Outputs", 204, true},
    {"KmsKeyId", 44, false}, {"InstanceType", 214, true}, {"InstanceCount", 213, false}, {"InstanceCount", 213, false},
    {"InstanceType", 214, false}, {"VolumeSizeInGB", 215, true}, {"VolumeKmsKeyId", 44, false},
    {"InstancePreferences", 216, false}, {"SelectedInstanceType", 214, false}, {"SelectedInstanceCount", 213, false},
    {"ClusterConfig", 212, true}, {"MaxRuntimeInSeconds", 219, true}, {"ImageUri", 221, true},
    {"ContainerEntrypoint", 222, false}, {"ContainerArguments", 224, false},
    {"EnableInterContainerTrafficEncryption", 127, false}, {"EnableNetworkIsolation", 127, false},
    {"VpcConfig", 122, false}, {"ExperimentName", 231, false}, {"TrialName", 231, false},
    {"TrialComponentDisplayName", 231, false}, {"RunName", 231, false}, {"ProcessingInputs", 176, false},
    {"ProcessingOutputConfig", 203, false}, {"ProcessingJobName", 210, true}, {"ProcessingResources", 211, true},
    {"StoppingCondition", 218, false}, {"AppSpecification", 220, true}, {"Environment", 226, false},
    {"NetworkConfig", 229, false}, {"RoleArn", 121, true}, {"Tags", 1, false}, {"ExperimentConfig", 230, false},
    {"TrainingJobArn", 233, true}, {"Name", 245, true}, {"Regex", 246, true},
    {"TrainingRepositoryCredentialsProviderArn", 254, true}, {"TrainingRepositoryAccessMode", 252, true},
    {"TrainingRepositoryAuthConfig", 253, false}, {"TrainingImage", 240, false}, {"AlgorithmName", 241, false},
    {"TrainingInputMode", 242, true}, {"MetricDefinitions", 243, false},
    {"EnableSageMakerMetricsTimeSeries", 127, false}, {"ContainerEntrypoint", 247, false},
    {"ContainerArguments", 249, false}, {"TrainingImageConfig", 251, false}, {"HubContentArn", 154, true},
    {"S3DataType", 260, true}, {"S3Uri", 180, true}, {"S3DataDistributionType", 261, false},
    {"AttributeNames", 262, false}, {"InstanceGroupNames", 264, false}, {"ModelAccessConfig", 151, false},
    {"HubAccessConfig", 266, false}, {"FileSystemId", 268, true}, {"FileSystemAccessMode", 269, true},
    {"FileSystemType", 270, true}, {"DirectoryPath", 271, true}, {"DatasetArn", 273, true},
    {"S3DataSource", 259, false}, {"FileSystemDataSource", 267, false}, {"DatasetSource", 272, false},
    {"Seed", 278, true}, {"ChannelName", 257, true}, {"DataSource", 258, true}, {"ContentType", 274, false},
    {"CompressionType", 275, false}, {"RecordWrapperType", 276, false}, {"InputMode", 242, false},
    {"ShuffleConfig", 277, false}, {"KmsKeyId", 44, false}, {"S3OutputPath", 180, true},
    {"CompressionType", 280, false}, {"InstanceType", 282, true}, {"InstanceCount", 283, true},
    {"InstanceGroupName", 265, true}, {"UltraServerId", 292, false}, {"InstanceCount", 283, true},
    {"EnableMultipleJobs", 127, false}, {"PlacementSpecifications", 290, false}, {"InstanceType", 282, true},
    {"InstanceCount", 283, false}, {"TrainingPlanArns", 295, false}, {"InstanceType", 282, false},
    {"InstanceCount", 283, false}, {"VolumeSizeInGB", 284, false}, {"VolumeKmsKeyId", 44, false},
    {"KeepAlivePeriodInSeconds", 285, false}, {"InstanceGroups", 286, false}, {"TrainingPlanArn", 288, false},
    {"InstancePlacementConfig", 289, false}, {"InstancePreferences", 293, false}, {"SelectedInstanceType", 282, false},
    {"SelectedInstanceCount", 283, false}, {"MaxRuntimeInSeconds", 297, false}, {"MaxWaitTimeInSeconds", 298, false},
    {"MaxPendingTimeInSeconds", 299, false}, {"S3Uri", 180, true}, {"LocalPath", 271, false},
    {"CollectionName", 307, false}, {"CollectionParameters", 308, false}, {"LocalPath", 271, false},
    {"S3OutputPath", 180, true}, {"HookParameters", 302, false}, {"CollectionConfigurations", 305, false},
    {"RuleConfigurationName", 311, true}, {"LocalPath", 271, false}, {"S3OutputPath", 180, false},
    {"RuleEvaluatorImage", 240, true}, {"InstanceType", 214, false}, {"VolumeSizeInGB", 284, false},
    {"RuleParameters", 312, false}, {"LocalPath", 271, false}, {"S3OutputPath", 180, true},
    {"S3OutputPath", 180, false}, {"ProfilingIntervalInMilliseconds", 315, false}, {"ProfilingParameters", 316, false},
    {"DisableProfiler", 317, false}, {"RuleConfigurationName", 311, true}, {"LocalPath", 271, false},
    {"S3OutputPath", 180, false}, {"RuleEvaluatorImage", 240, true}, {"InstanceType", 214, false},
    {"VolumeSizeInGB", 284, false}, {"RuleParameters", 312, false}, {"MaximumRetryAttempts", 324, true},
    {"EnableRemoteDebug", 326, false}, {"EnableInfraCheck", 328, false}, {"EnableSessionTagChaining", 330, false},
    {"BaseModelArn", 332, true}, {"AcceptEula", 152, false}, {"JobType", 333, true},
    {"CustomizationTechnique", 334, false}, {"Peft", 335, false}, {"EvaluationType", 336, false},
    {"EvaluatorArn", 337, false}, {"SequenceLength", 338, false}, {"MlflowResourceArn", 340, true},
    {"MlflowExperimentName", 341, false}, {"MlflowRunName", 342, false}, {"ModelPackageGroupArn", 344, true},
    {"SourceModelPackageArn", 345, false}, {"TrainingJobName", 235, true}, {"HyperParameters", 236, false},
    {"AlgorithmSpecification", 239, false}, {"RoleArn", 121, true}, {"InputDataConfig", 255, false},
    {"OutputDataConfig", 279, true}, {"ResourceConfig", 281, false}, {"VpcConfig", 122, false},
    {"StoppingCondition", 296, false}, {"Tags", 1, false}, {"EnableNetworkIsolation", 127, false},
    {"EnableInterContainerTrafficEncryption", 127, false}, {"EnableManagedSpotTraining", 127, false},
    {"CheckpointConfig", 300, false}, {"DebugHookConfig", 301, false}, {"DebugRuleConfigurations", 309, false},
    {"TensorBoardOutputConfig", 313, false}, {"ExperimentConfig", 230, false}, {"ProfilerConfig", 314, false},
    {"ProfilerRuleConfigurations", 318, false}, {"Environment", 320, false}, {"RetryStrategy", 323, false},
    {"RemoteDebugConfig", 325, false}, {"InfraCheckConfig", 327, false}, {"SessionChainingConfig", 329, false},
    {"ServerlessJobConfig", 331, false}, {"MlflowConfig", 339, false}, {"ModelPackageConfig", 343, false},
    {"TransformJobArn", 347, true}, {"InvocationsTimeoutInSeconds", 352, false}, {"InvocationsMaxRetries", 353, false},
    {"S3DataType", 260, true}, {"S3Uri", 180, true}, {"S3DataSource", 361, true}, {"DataSource", 360, true},
    {"ContentType", 274, false}, {"CompressionType", 275, false}, {"SplitType", 362, false},
    {"S3OutputPath", 180, true}, {"Accept", 364, false}, {"AssembleWith", 365, false}, {"KmsKeyId", 44, false},
    {"DestinationS3Uri", 180, true}, {"KmsKeyId", 44, false}, {"GenerateInferenceId", 127, false},
    {"InstanceType", 368, true}, {"InstanceCount", 369, true}, {"VolumeKmsKeyId", 44, false},
    {"TransformAmiVersion", 370, false}, {"InputFilter", 372, false}, {"OutputFilter", 372, false},
    {"JoinSource", 373, false}, {"TransformJobName", 349, true}, {"ModelName", 33, true},
    {"MaxConcurrentTransforms", 350, false}, {"ModelClientConfig", 351, false}, {"MaxPayloadInMB", 354, false},
    {"BatchStrategy", 355, false}, {"Environment", 356, false}, {"TransformInput", 359, true},
    {"TransformOutput", 363, true}, {"DataCaptureConfig", 366, false}, {"TransformResources", 367, true},
    {"DataProcessing", 371, false}, {"Tags", 1, false}, {"ExperimentConfig", 230, false}, {"EndpointName", 10, true},
    {"EndpointConfigName", 11, true}, {"ModelName", 33, true}, {"ProcessingJobName", 210, true},
    {"ResourceArn", 6, true}, {"TagKeys", 380, true}, {"TrainingJobName", 235, true}, {"SpecifiedImage", 140, false},
    {"ResolvedImage", 140, false}, {"ResolutionTime", 387, false}, {"InstanceType", 35, true},
    {"CurrentInstanceCount", 388, true}, {"Status", 393, true}, {"StatusMessage", 394, false},
    {"StartTime", 387, false}, {"Ec2CapacityReservationId", 398, false}, {"TotalInstanceCount", 388, false},
    {"AvailableInstanceCount", 388, false}, {"UsedByCurrentEndpoint", 388, false}, {"MlReservationArn", 69, false},
    {"CapacityReservationPreference", 68, false}, {"TotalInstanceCount", 388, false},
    {"AvailableInstanceCount", 388, false}, {"UsedByCurrentEndpoint", 388, false},
    {"Ec2CapacityReservations", 396, false}, {"VariantName", 32, true}, {"DeployedImages", 385, false},
    {"CurrentWeight", 40, false}, {"DesiredWeight", 40, false}, {"CurrentInstanceCount", 388, false},
    {"DesiredInstanceCount", 388, false}, {"InstancePools", 389, false}, {"VariantStatus", 391, false},
    {"CurrentServerlessConfig", 45, false}, {"DesiredServerlessConfig", 45, false},
    {"ManagedInstanceScaling", 53, false}, {"RoutingConfig", 61, false}, {"CapacityReservationConfig", 395, false},
    {"AcceleratorPartitionLayouts", 399, false}, {"EnableCapture", 75, true}, {"CaptureStatus", 401, true},
    {"CurrentSamplingPercentage", 76, true}, {"DestinationS3Uri", 43, true}, {"KmsKeyId", 44, true},
    {"VariantName", 32, true}, {"DeployedImages", 385, false}, {"CurrentWeight", 40, false},
    {"DesiredWeight", 40, false}, {"CurrentInstanceCount", 388, false}, {"DesiredInstanceCount", 388, false},
    {"InstanceType", 35, false}, {"InstancePools", 389, false}, {"AcceleratorType", 41, false},
    {"VariantStatus", 391, false}, {"CurrentServerlessConfig", 45, false}, {"DesiredServerlessConfig", 45, false},
    {"ManagedInstanceScaling", 53, false}, {"RoutingConfig", 61, false}, {"AcceleratorPartitionLayouts", 399, false},
    {"EndpointConfigName", 11, true}, {"ProductionVariants", 405, false}, {"StartTime", 387, false},
    {"ShadowProductionVariants", 405, false}, {"EndpointName", 10, true}, {"EndpointArn", 8, true},
    {"EndpointConfigName", 11, false}, {"ProductionVariants", 383, false}, {"DataCaptureConfig", 400, false},
    {"EndpointStatus", 402, true}, {"FailureReason", 403, false}, {"CreationTime", 387, true},
    {"LastModifiedTime", 387, true}, {"LastDeploymentConfig", 12, false}, {"AsyncInferenceConfig", 85, false},
    {"PendingDeploymentSummary", 404, false}, {"ExplainerConfig", 93, false}, {"ShadowProductionVariants", 383, false},
    {"MetricsConfig", 128, false}, {"CrossRegionTrafficConfig", 132, false}, {"EndpointName", 10, true},
    {"EndpointConfigName", 11, true}, {"EndpointConfigArn", 28, true}, {"ProductionVariants", 30, true},
    {"DataCaptureConfig", 74, false}, {"KmsKeyId", 44, false}, {"CreationTime", 387, true},
    {"AsyncInferenceConfig", 85, false}, {"ExplainerConfig", 93, false}, {"ShadowProductionVariants", 30, false},
    {"ExecutionRoleArn", 121, false}, {"VpcConfig", 122, false}, {"EnableNetworkIsolation", 127, false},
    {"MetricsConfig", 128, false}, {"CrossRegionTrafficConfig", 132, false}, {"EndpointConfigName", 11, true},
    {"RecommendationId", 155, true}, {"InstanceType", 35, true}, {"Environment", 159, false},
    {"RecommendationStatus", 412, true}, {"RealTimeInferenceRecommendations", 413, false}, {"ModelName", 33, true},
    {"PrimaryContainer", 138, false}, {"Containers", 170, false}, {"InferenceExecutionConfig", 171, false},
    {"ExecutionRoleArn", 121, false}, {"VpcConfig", 122, false}, {"CreationTime", 387, true}, {"ModelArn", 136, true},
    {"EnableNetworkIsolation", 127, false}, {"DeploymentRecommendation", 411, false}, {"ModelName", 33, true},
    {"ProcessingInputs", 176, false}, {"ProcessingOutputConfig", 203, false}, {"ProcessingJobName", 210, true},
    {"ProcessingResources", 211, true}, {"StoppingCondition", 218, false}, {"AppSpecification", 220, true},
    {"Environment", 226, false}, {"NetworkConfig", 229, false}, {"RoleArn", 121, false},
    {"ExperimentConfig", 230, false}, {"ProcessingJobArn", 174, true}, {"ProcessingJobStatus", 417, true},
    {"ExitMessage", 418, false}, {"FailureReason", 403, false}, {"ProcessingEndTime", 387, false},
    {"ProcessingStartTime", 387, false}, {"LastModifiedTime", 387, false}, {"CreationTime", 387, true},
    {"MonitoringScheduleArn", 419, false}, {"AutoMLJobArn", 420, false}, {"TrainingJobArn", 233, false},
    {"ProcessingJobName", 210, true}, {"S3ModelArtifacts", 180, true}, {"Status", 429, true},
    {"ResourceRetainedBillableTimeInSeconds", 430, false}, {"ReusedByJob", 235, false}, {"Status", 427, true},
    {"StartTime", 387, true}, {"EndTime", 387, false}, {"StatusMessage", 433, false}, {"MetricName", 245, false},
    {"Value", 436, false}, {"Timestamp", 387, false}, {"RuleConfigurationName", 311, false},
    {"RuleEvaluationJobArn", 174, false}, {"RuleEvaluationStatus", 442, false}, {"StatusDetails", 443, false},
    {"LastModifiedTime", 387, false}, {"RuleConfigurationName", 311, false}, {"RuleEvaluationJobArn", 174, false},
    {"RuleEvaluationStatus", 442, false}, {"StatusDetails", 443, false}, {"LastModifiedTime", 387, false},
    {"MlflowExperimentId", 448, false}, {"MlflowRunId", 449, false}, {"TotalStepCountPerEpoch", 451, false},
    {"CurrentStep", 452, false}, {"CurrentEpoch", 453, false}, {"MaxEpoch", 454, false}, {"TrainingJobName", 235, true},
    {"TrainingJobArn", 233, true}, {"TuningJobArn", 423, false}, {"LabelingJobArn", 424, false},
    {"AutoMLJobArn", 420, false}, {"ModelArtifacts", 425, true}, {"TrainingJobStatus", 426, true},
    {"SecondaryStatus", 427, true}, {"FailureReason", 403, false}, {"HyperParameters", 236, false},
    {"AlgorithmSpecification", 239, false}, {"RoleArn", 121, false}, {"InputDataConfig", 255, false},
    {"OutputDataConfig", 279, false}, {"ResourceConfig", 281, false}, {"WarmPoolStatus", 428, false},
    {"VpcConfig", 122, false}, {"StoppingCondition", 296, true}, {"CreationTime", 387, true},
    {"TrainingStartTime", 387, false}, {"TrainingEndTime", 387, false}, {"LastModifiedTime", 387, false},
    {"SecondaryStatusTransitions", 431, false}, {"FinalMetricDataList", 434, false},
    {"EnableNetworkIsolation", 127, false}, {"EnableInterContainerTrafficEncryption", 127, false},
    {"EnableManagedSpotTraining", 127, false}, {"CheckpointConfig", 300, false}, {"TrainingTimeInSeconds", 437, false},
    {"BillableTimeInSeconds", 438, false}, {"BillableTokenCount", 439, false}, {"DebugHookConfig", 301, false},
    {"ExperimentConfig", 230, false}, {"DebugRuleConfigurations", 309, false}, {"TensorBoardOutputConfig", 313, false},
    {"DebugRuleEvaluationStatuses", 440, false}, {"ProfilerConfig", 314, false},
    {"ProfilerRuleConfigurations", 318, false}, {"ProfilerRuleEvaluationStatuses", 444, false},
    {"ProfilingStatus", 446, false}, {"Environment", 320, false}, {"RetryStrategy", 323, false},
    {"RemoteDebugConfig", 325, false}, {"InfraCheckConfig", 327, false}, {"ServerlessJobConfig", 331, false},
    {"MlflowConfig", 339, false}, {"ModelPackageConfig", 343, false}, {"MlflowDetails", 447, false},
    {"ProgressInfo", 450, false}, {"OutputModelPackageArn", 345, false}, {"TrainingJobName", 235, true},
    {"TransformJobName", 349, true}, {"TransformJobArn", 347, true}, {"TransformJobStatus", 457, true},
    {"FailureReason", 403, false}, {"ModelName", 33, true}, {"MaxConcurrentTransforms", 350, false},
    {"ModelClientConfig", 351, false}, {"MaxPayloadInMB", 354, false}, {"BatchStrategy", 355, false},
    {"Environment", 356, false}, {"TransformInput", 359, true}, {"TransformOutput", 363, false},
    {"DataCaptureConfig", 366, false}, {"TransformResources", 367, true}, {"CreationTime", 387, true},
    {"TransformStartTime", 387, false}, {"TransformEndTime", 387, false}, {"LabelingJobArn", 424, false},
    {"AutoMLJobArn", 420, false}, {"DataProcessing", 371, false}, {"ExperimentConfig", 230, false},
    {"TransformJobName", 349, true}, {"EndpointConfigName", 11, true}, {"EndpointConfigArn", 28, true},
    {"CreationTime", 387, true}, {"EndpointConfigs", 460, true}, {"NextToken", 462, false}, {"SortBy", 464, false},
    {"SortOrder", 465, false}, {"NextToken", 462, false}, {"MaxResults", 466, false}, {"NameContains", 467, false},
    {"CreationTimeBefore", 387, false}, {"CreationTimeAfter", 387, false}, {"EndpointName", 10, true},
    {"EndpointArn", 8, true}, {"CreationTime", 387, true}, {"LastModifiedTime", 387, true},
    {"EndpointStatus", 402, true}, {"Endpoints", 469, true}, {"NextToken", 462, false}, {"SortBy", 472, false},
    {"SortOrder", 465, false}, {"NextToken", 462, false}, {"MaxResults", 466, false}, {"NameContains", 473, false},
    {"CreationTimeBefore", 387, false}, {"CreationTimeAfter", 387, false}, {"LastModifiedTimeBefore", 387, false},
    {"LastModifiedTimeAfter", 387, false}, {"StatusEquals", 402, false}, {"ModelName", 33, true},
    {"ModelArn", 136, true}, {"CreationTime", 387, true}, {"Models", 475, true}, {"NextToken", 462, false},
    {"SortBy", 478, false}, {"SortOrder", 465, false}, {"NextToken", 462, false}, {"MaxResults", 466, false},
    {"NameContains", 479, false}, {"CreationTimeBefore", 387, false}, {"CreationTimeAfter", 387, false},
    {"ProcessingJobName", 210, true}, {"ProcessingJobArn", 174, true}, {"CreationTime", 387, true},
    {"ProcessingEndTime", 387, false}, {"LastModifiedTime", 387, false}, {"ProcessingJobStatus", 417, true},
    {"FailureReason", 403, false}, {"ExitMessage", 418, false}, {"ProcessingJobSummaries", 481, true},
    {"NextToken", 483, false}, {"CreationTimeAfter", 387, false}, {"CreationTimeBefore", 387, false},
    {"LastModifiedTimeAfter", 387, false}, {"LastModifiedTimeBefore", 387, false}, {"NameContains", 155, false},
    {"StatusEquals", 417, false}, {"SortBy", 485, false}, {"SortOrder", 486, false}, {"NextToken", 483, false},
    {"MaxResults", 466, false}, {"Tags", 1, false}, {"NextToken", 483, false}, {"ResourceArn", 6, true},
    {"NextToken", 483, false}, {"MaxResults", 489, false}, {"TrainingJobName", 235, true},
    {"TrainingJobArn", 233, true}, {"CreationTime", 387, true}, {"TrainingEndTime", 387, false},
    {"LastModifiedTime", 387, false}, {"TrainingJobStatus", 426, true}, {"SecondaryStatus", 427, false},
    {"WarmPoolStatus", 428, false}, {"TrainingPlanArn", 288, false}, {"TrainingJobSummaries", 491, true},
    {"NextToken", 483, false}, {"NextToken", 483, false}, {"MaxResults", 466, false}, {"CreationTimeAfter", 387, false},
    {"CreationTimeBefore", 387, false}, {"LastModifiedTimeAfter", 387, false}, {"LastModifiedTimeBefore", 387, false},
    {"NameContains", 494, false}, {"StatusEquals", 426, false}, {"SortBy", 485, false}, {"SortOrder", 486, false},
    {"WarmPoolStatusEquals", 429, false}, {"TrainingPlanArnEquals", 288, false}, {"TransformJobName", 349, true},
    {"TransformJobArn", 347, true}, {"CreationTime", 387, true}, {"TransformEndTime", 387, false},
    {"LastModifiedTime", 387, false}, {"TransformJobStatus", 457, true}, {"FailureReason", 403, false},
    {"TransformJobSummaries", 496, true}, {"NextToken", 483, false}, {"CreationTimeAfter", 387, false},
    {"CreationTimeBefore", 387, false}, {"LastModifiedTimeAfter", 387, false}, {"LastModifiedTimeBefore", 387, false},
    {"NameContains", 494, false}, {"StatusEquals", 457, false}, {"SortBy", 485, false}, {"SortOrder", 486, false},
    {"NextToken", 483, false}, {"MaxResults", 466, false}, {"ProcessingJobName", 210, true},
    {"TrainingJobName", 235, true}, {"TransformJobName", 349, true}, {"EndpointArn", 8, true},
    {"VariantPropertyType", 506, true}, {"EndpointName", 10, true}, {"EndpointConfigName", 11, true},
    {"RetainAllVariantProperties", 127, false}, {"ExcludeRetainedVariantProperties", 504, false},
    {"DeploymentConfig", 12, false}, {"RetainDeploymentConfig", 127, false}, {"EndpointArn", 8, true},
    {"MaxConcurrency", 47, false}, {"ProvisionedConcurrency", 48, false}, {"VariantName", 32, true},
    {"DesiredWeight", 40, false}, {"DesiredInstanceCount", 388, false}, {"ServerlessUpdateConfig", 511, false},
    {"EndpointName", 10, true}, {"DesiredWeightsAndCapacities", 509, true}, {"TrainingJobArn", 233, true},
    {"S3OutputPath", 180, false}, {"ProfilingIntervalInMilliseconds", 315, false}, {"ProfilingParameters", 316, false},
    {"DisableProfiler", 317, false}, {"KeepAlivePeriodInSeconds", 285, true}, {"EnableRemoteDebug", 326, false},
    {"TrainingJobName", 235, true}, {"ProfilerConfig", 514, false}, {"ProfilerRuleConfigurations", 318, false},
    {"ResourceConfig", 515, false}, {"RemoteDebugConfig", 516, false},
};

constexpr std::string_view kEnumerators[] = {
    "ALL_AT_ONCE", "CANARY", "LINEAR", "INSTANCE_COUNT", "CAPACITY_PERCENT", "ml.t2.medium", "ml.t2.large",
    "ml.t2.xlarge", "ml.t2.2xlarge", "ml.m4.xlarge", "ml.m4.2xlarge", "ml.m4.4xlarge", "ml.m4.10xlarge",
    "ml.m4.16xlarge", "ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.m5.12xlarge",
    "ml.m5.24xlarge", "ml.m5d.large", "ml.m5d.xlarge", "ml.m5d.2xlarge", "ml.m5d.4xlarge", "ml.m5d.12xlarge",
    "ml.m5d.24xlarge", "ml.c4.large", "ml.c4.xlarge", "ml.c4.2xlarge", "ml.c4.4xlarge", "ml.c4.8xlarge", "ml.p2.xlarge",
    "ml.p2.8xlarge", "ml.p2.16xlarge", "ml.p3.2xlarge", "ml.p3.8xlarge", "ml.p3.16xlarge", "ml.c5.large",
    "ml.c5.xlarge", "ml.c5.2xlarge", "ml.c5.4xlarge", "ml.c5.9xlarge", "ml.c5.18xlarge", "ml.c5d.large",
    "ml.c5d.xlarge", "ml.c5d.2xlarge", "ml.c5d.4xlarge", "ml.c5d.9xlarge", "ml.c5d.18xlarge", "ml.g4dn.xlarge",
    "ml.g4dn.2xlarge", "ml.g4dn.4xlarge", "ml.g4dn.8xlarge", "ml.g4dn.12xlarge", "ml.g4dn.16xlarge", "ml.r5.large",
    "ml.r5.xlarge", "ml.r5.2xlarge", "ml.r5.4xlarge", "ml.r5.12xlarge", "ml.r5.24xlarge", "ml.r5d.large",
    "ml.r5d.xlarge", "ml.r5d.2xlarge", "ml.r5d.4xlarge", "ml.r5d.12xlarge", "ml.r5d.24xlarge", "ml.inf1.xlarge",
    "ml.inf1.2xlarge", "ml.inf1.6xlarge", "ml.inf1.24xlarge", "ml.dl1.24xlarge", "ml.c6i.large", "ml.c6i.xlarge",
    "ml.c6i.2xlarge", "ml.c6i.4xlarge", "ml.c6i.8xlarge", "ml.c6i.12xlarge", "ml.c6i.16xlarge", "ml.c6i.24xlarge",
    "ml.c6i.32xlarge", "ml.m6i.large", "ml.m6i.xlarge", "ml.m6i.2xlarge", "ml.m6i.4xlarge", "ml.m6i.8xlarge",
    "ml.m6i.12xlarge", "ml.m6i.16xlarge", "ml.m6i.24xlarge", "ml.m6i.32xlarge", "ml.r6i.large", "ml.r6i.xlarge",
    "ml.r6i.2xlarge", "ml.r6i.4xlarge", "ml.r6i.8xlarge", "ml.r6i.12xlarge", "ml.r6i.16xlarge", "ml.r6i.24xlarge",
    "ml.r6i.32xlarge", "ml.g5.xlarge", "ml.g5.2xlarge", "ml.g5.4xlarge", "ml.g5.8xlarge", "ml.g5.12xlarge",
    "ml.g5.16xlarge", "ml.g5.24xlarge", "ml.g5.48xlarge", "ml.g6.xlarge", "ml.g6.2xlarge", "ml.g6.4xlarge",
    "ml.g6.8xlarge", "ml.g6.12xlarge", "ml.g6.16xlarge", "ml.g6.24xlarge", "ml.g6.48xlarge", "ml.r8g.medium",
    "ml.r8g.large", "ml.r8g.xlarge", "ml.r8g.2xlarge", "ml.r8g.4xlarge", "ml.r8g.8xlarge", "ml.r8g.12xlarge",
    "ml.r8g.16xlarge", "ml.r8g.24xlarge", "ml.r8g.48xlarge", "ml.g6e.xlarge", "ml.g6e.2xlarge", "ml.g6e.4xlarge",
    "ml.g6e.8xlarge", "ml.g6e.12xlarge", "ml.g6e.16xlarge", "ml.g6e.24xlarge", "ml.g6e.48xlarge", "ml.g7e.2xlarge",
    "ml.g7e.4xlarge", "ml.g7e.8xlarge", "ml.g7e.12xlarge", "ml.g7e.24xlarge", "ml.g7e.48xlarge", "ml.g7.2xlarge",
    "ml.g7.4xlarge", "ml.g7.8xlarge", "ml.g7.12xlarge", "ml.g7.24xlarge", "ml.g7.48xlarge", "ml.p4d.24xlarge",
    "ml.c7g.large", "ml.c7g.xlarge", "ml.c7g.2xlarge", "ml.c7g.4xlarge", "ml.c7g.8xlarge", "ml.c7g.12xlarge",
    "ml.c7g.16xlarge", "ml.m6g.large", "ml.m6g.xlarge", "ml.m6g.2xlarge", "ml.m6g.4xlarge", "ml.m6g.8xlarge",
    "ml.m6g.12xlarge", "ml.m6g.16xlarge", "ml.m6gd.large", "ml.m6gd.xlarge", "ml.m6gd.2xlarge", "ml.m6gd.4xlarge",
    "ml.m6gd.8xlarge", "ml.m6gd.12xlarge", "ml.m6gd.16xlarge", "ml.c6g.large", "ml.c6g.xlarge", "ml.c6g.2xlarge",
    "ml.c6g.4xlarge", "ml.c6g.8xlarge", "ml.c6g.12xlarge", "ml.c6g.16xlarge", "ml.c6gd.large", "ml.c6gd.xlarge",
    "ml.c6gd.2xlarge", "ml.c6gd.4xlarge", "ml.c6gd.8xlarge", "ml.c6gd.12xlarge", "ml.c6gd.16xlarge", "ml.c6gn.large",
    "ml.c6gn.xlarge", "ml.c6gn.2xlarge", "ml.c6gn.4xlarge", "ml.c6gn.8xlarge", "ml.c6gn.12xlarge", "ml.c6gn.16xlarge",
    "ml.r6g.large", "ml.r6g.xlarge", "ml.r6g.2xlarge", "ml.r6g.4xlarge", "ml.r6g.8xlarge", "ml.r6g.12xlarge",
    "ml.r6g.16xlarge", "ml.r6gd.large", "ml.r6gd.xlarge", "ml.r6gd.2xlarge", "ml.r6gd.4xlarge", "ml.r6gd.8xlarge",
    "ml.r6gd.12xlarge", "ml.r6gd.16xlarge", "ml.p4de.24xlarge", "ml.trn1.2xlarge", "ml.trn1.32xlarge",
    "ml.trn1n.32xlarge", "ml.trn2.48xlarge", "ml.inf2.xlarge", "ml.inf2.8xlarge", "ml.inf2.24xlarge",
    "ml.inf2.48xlarge", "ml.p5.48xlarge", "ml.p5e.48xlarge", "ml.p5en.48xlarge", "ml.m7i.large", "ml.m7i.xlarge",
    "ml.m7i.2xlarge", "ml.m7i.4xlarge", "ml.m7i.8xlarge", "ml.m7i.12xlarge", "ml.m7i.16xlarge", "ml.m7i.24xlarge",
    "ml.m7i.48xlarge", "ml.c7i.large", "ml.c7i.xlarge", "ml.c7i.2xlarge", "ml.c7i.4xlarge", "ml.c7i.8xlarge",
    "ml.c7i.12xlarge", "ml.c7i.16xlarge", "ml.c7i.24xlarge", "ml.c7i.48xlarge", "ml.r7i.large", "ml.r7i.xlarge",
    "ml.r7i.2xlarge", "ml.r7i.4xlarge", "ml.r7i.8xlarge", "ml.r7i.12xlarge", "ml.r7i.16xlarge", "ml.r7i.24xlarge",
    "ml.r7i.48xlarge", "ml.c8g.medium", "ml.c8g.large", "ml.c8g.xlarge", "ml.c8g.2xlarge", "ml.c8g.4xlarge",
    "ml.c8g.8xlarge", "ml.c8g.12xlarge", "ml.c8g.16xlarge", "ml.c8g.24xlarge", "ml.c8g.48xlarge", "ml.r7gd.medium",
    "ml.r7gd.large", "ml.r7gd.xlarge", "ml.r7gd.2xlarge", "ml.r7gd.4xlarge", "ml.r7gd.8xlarge", "ml.r7gd.12xlarge",
    "ml.r7gd.16xlarge", "ml.m8g.medium", "ml.m8g.large", "ml.m8g.xlarge", "ml.m8g.2xlarge", "ml.m8g.4xlarge",
    "ml.m8g.8xlarge", "ml.m8g.12xlarge", "ml.m8g.16xlarge", "ml.m8g.24xlarge", "ml.m8g.48xlarge", "ml.c6in.large",
    "ml.c6in.xlarge", "ml.c6in.2xlarge", "ml.c6in.4xlarge", "ml.c6in.8xlarge", "ml.c6in.12xlarge", "ml.c6in.16xlarge",
    "ml.c6in.24xlarge", "ml.c6in.32xlarge", "ml.p6-b200.48xlarge", "ml.p6-b300.48xlarge", "ml.p6e-gb200.36xlarge",
    "ml.p5.4xlarge", "ml.eia1.medium", "ml.eia1.large", "ml.eia1.xlarge", "ml.eia2.medium", "ml.eia2.large",
    "ml.eia2.xlarge", "ENABLED", "DISABLED", "IDLE_RELEASE", "CONSOLIDATION", "LEAST_OUTSTANDING_REQUESTS", "RANDOM",
    "PREFIX_AWARE", "KV_AWARE", "al2-ami-sagemaker-inference-gpu-2", "al2-ami-sagemaker-inference-gpu-2-1",
    "al2-ami-sagemaker-inference-gpu-3-1", "al2-ami-sagemaker-inference-neuron-2",
    "al2023-ami-sagemaker-inference-gpu-4-1", "capacity-reservations-only", "Input", "Output", "InputAndOutput",
    "SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC", "numerical", "categorical", "text", "af", "sq", "ar",
    "hy", "eu", "bn", "bg", "ca", "zh", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "gu", "he", "hi",
    "hu", "is", "id", "ga", "it", "kn", "ky", "lv", "lt", "lb", "mk", "ml", "mr", "ne", "nb", "fa", "pl", "pt", "ro",
    "ru", "sa", "sr", "tn", "si", "sk", "sl", "es", "sv", "tl", "ta", "tt", "te", "tr", "uk", "ur", "yo", "lij", "xx",
    "token", "sentence", "paragraph", "Platform", "Vpc", "SingleModel", "MultiModel", "S3Prefix", "S3Object", "None",
    "Gzip", "Enabled", "Disabled", "Serial", "Direct", "ManifestFile", "S3Prefix", "Pipe", "File", "FullyReplicated",
    "ShardedByS3Key", "ShardedByRecord", "None", "Gzip", "PARQUET", "ORC", "AVRO", "JSON", "TEXTFILE", "GZIP", "SNAPPY",
    "ZLIB", "PARQUET", "CSV", "None", "GZIP", "BZIP2", "ZSTD", "SNAPPY", "FullyReplicated", "ShardedByS3Key", "Pipe",
    "File", "Continuous", "EndOfJob", "ml.t3.medium", "ml.t3.large", "ml.t3.xlarge", "ml.t3.2xlarge", "ml.m4.xlarge",
    "ml.m4.2xlarge", "ml.m4.4xlarge", "ml.m4.10xlarge", "ml.m4.16xlarge", "ml.c4.xlarge", "ml.c4.2xlarge",
    "ml.c4.4xlarge", "ml.c4.8xlarge", "ml.p2.xlarge", "ml.p2.8xlarge", "ml.p2.16xlarge", "ml.p3.2xlarge",
    "ml.p3.8xlarge", "ml.p3.16xlarge", "ml.c5.xlarge", "ml.c5.2xlarge", "ml.c5.4xlarge", "ml.c5.9xlarge",
    "ml.c5.18xlarge", "ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.m5.12xlarge",
    "ml.m5.24xlarge", "ml.r5.large", "ml.r5.xlarge", "ml.r5.2xlarge", "ml.r5.4xlarge", "ml.r5.8xlarge",
    "ml.r5.12xlarge", "ml.r5.16xlarge", "ml.r5.24xlarge", "ml.g4dn.xlarge", "ml.g4dn.2xlarge", "ml.g4dn.4xlarge",
    "ml.g4dn.8xlarge", "ml.g4dn.12xlarge", "ml.g4dn.16xlarge", "ml.g5.xlarge", "ml.g5.2xlarge", "ml.g5.4xlarge",
    "ml.g5.8xlarge", "ml.g5.16xlarge", "ml.g5.12xlarge", "ml.g5.24xlarge", "ml.g5.48xlarge", "ml.r5d.large",
    "ml.r5d.xlarge", "ml.r5d.2xlarge", "ml.r5d.4xlarge", "ml.r5d.8xlarge", "ml.r5d.12xlarge", "ml.r5d.16xlarge",
    "ml.r5d.24xlarge", "ml.g6.xlarge", "ml.g6.2xlarge", "ml.g6.4xlarge", "ml.g6.8xlarge", "ml.g6.12xlarge",
    "ml.g6.16xlarge", "ml.g6.24xlarge", "ml.g6.48xlarge", "ml.g6e.xlarge", "ml.g6e.2xlarge", "ml.g6e.4xlarge",
    "ml.g6e.8xlarge", "ml.g6e.12xlarge", "ml.g6e.16xlarge", "ml.g6e.24xlarge", "ml.g6e.48xlarge", "ml.m6i.large",
    "ml.m6i.xlarge", "ml.m6i.2xlarge", "ml.m6i.4xlarge", "ml.m6i.8xlarge", "ml.m6i.12xlarge", "ml.m6i.16xlarge",
    "ml.m6i.24xlarge", "ml.m6i.32xlarge", "ml.c6i.xlarge", "ml.c6i.2xlarge", "ml.c6i.4xlarge", "ml.c6i.8xlarge",
    "ml.c6i.12xlarge", "ml.c6i.16xlarge", "ml.c6i.24xlarge", "ml.c6i.32xlarge", "ml.m7i.large", "ml.m7i.xlarge",
    "ml.m7i.2xlarge", "ml.m7i.4xlarge", "ml.m7i.8xlarge", "ml.m7i.12xlarge", "ml.m7i.16xlarge", "ml.m7i.24xlarge",
    "ml.m7i.48xlarge", "ml.c7i.large", "ml.c7i.xlarge", "ml.c7i.2xlarge", "ml.c7i.4xlarge", "ml.c7i.8xlarge",
    "ml.c7i.12xlarge", "ml.c7i.16xlarge", "ml.c7i.24xlarge", "ml.c7i.48xlarge", "ml.r7i.large", "ml.r7i.xlarge",
    "ml.r7i.2xlarge", "ml.r7i.4xlarge", "ml.r7i.8xlarge", "ml.r7i.12xlarge", "ml.r7i.16xlarge", "ml.r7i.24xlarge",
    "ml.r7i.48xlarge", "ml.p5.4xlarge", "ml.g7e.2xlarge", "ml.g7e.4xlarge", "ml.g7e.8xlarge", "ml.g7e.12xlarge",
    "ml.g7e.24xlarge", "ml.g7e.48xlarge", "ml.g7.2xlarge", "ml.g7.4xlarge", "ml.g7.8xlarge", "ml.g7.12xlarge",
    "ml.g7.24xlarge", "ml.g7.48xlarge", "ml.r6i.large", "ml.r6i.xlarge", "ml.r6i.2xlarge", "ml.r6i.4xlarge",
    "ml.r6i.8xlarge", "ml.r6i.12xlarge", "ml.r6i.16xlarge", "ml.r6i.24xlarge", "ml.r6i.32xlarge", "ml.m8i.large",
    "ml.m8i.xlarge", "ml.m8i.2xlarge", "ml.m8i.4xlarge", "ml.m8i.8xlarge", "ml.m8i.12xlarge", "ml.m8i.16xlarge",
    "ml.m8i.24xlarge", "ml.m8i.32xlarge", "ml.m8i.48xlarge", "ml.m8i.96xlarge", "ml.c8i.xlarge", "ml.c8i.2xlarge",
    "ml.c8i.4xlarge", "ml.c8i.8xlarge", "ml.c8i.12xlarge", "ml.c8i.16xlarge", "ml.c8i.24xlarge", "ml.c8i.32xlarge",
    "ml.c8i.48xlarge", "ml.c8i.96xlarge", "ml.r8i.large", "ml.r8i.xlarge", "ml.r8i.2xlarge", "ml.r8i.4xlarge",
    "ml.r8i.8xlarge", "ml.r8i.12xlarge", "ml.r8i.16xlarge", "ml.r8i.24xlarge", "ml.r8i.32xlarge", "ml.r8i.48xlarge",
    "ml.r8i.96xlarge", "ml.m7i-flex.large", "ml.m7i-flex.xlarge", "ml.m7i-flex.2xlarge", "ml.m7i-flex.4xlarge",
    "ml.m7i-flex.8xlarge", "ml.m7i-flex.12xlarge", "ml.m7i-flex.16xlarge", "ml.c7i-flex.xlarge", "ml.c7i-flex.2xlarge",
    "ml.c7i-flex.4xlarge", "ml.c7i-flex.8xlarge", "ml.c7i-flex.12xlarge", "ml.c7i-flex.16xlarge", "ml.m8i-flex.large",
    "ml.m8i-flex.xlarge", "ml.m8i-flex.2xlarge", "ml.m8i-flex.4xlarge", "ml.m8i-flex.8xlarge", "ml.m8i-flex.12xlarge",
    "ml.m8i-flex.16xlarge", "ml.c8i-flex.xlarge", "ml.c8i-flex.2xlarge", "ml.c8i-flex.4xlarge", "ml.c8i-flex.8xlarge",
    "ml.c8i-flex.12xlarge", "ml.c8i-flex.16xlarge", "ml.r8i-flex.large", "ml.r8i-flex.xlarge", "ml.r8i-flex.2xlarge",
    "ml.r8i-flex.4xlarge", "ml.r8i-flex.8xlarge", "ml.r8i-flex.12xlarge", "ml.r8i-flex.16xlarge", "Pipe", "File",
    "FastFile", "Platform", "Vpc", "ManifestFile", "S3Prefix", "AugmentedManifestFile", "Converse", "FullyReplicated",
    "ShardedByS3Key", "ShardedByRecord", "rw", "ro", "EFS", "FSxLustre", "None", "Gzip", "None", "RecordIO", "GZIP",
    "NONE", "ml.m4.xlarge", "ml.m4.2xlarge", "ml.m4.4xlarge", "ml.m4.10xlarge", "ml.m4.16xlarge", "ml.g4dn.xlarge",
    "ml.g4dn.2xlarge", "ml.g4dn.4xlarge", "ml.g4dn.8xlarge", "ml.g4dn.12xlarge", "ml.g4dn.16xlarge", "ml.m5.large",
    "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.m5.12xlarge", "ml.m5.24xlarge", "ml.c4.xlarge",
    "ml.c4.2xlarge", "ml.c4.4xlarge", "ml.c4.8xlarge", "ml.p2.xlarge", "ml.p2.8xlarge", "ml.p2.16xlarge",
    "ml.p3.2xlarge", "ml.p3.8xlarge", "ml.p3.16xlarge", "ml.p3dn.24xlarge", "ml.p4d.24xlarge", "ml.p4de.24xlarge",
    "ml.p5.48xlarge", "ml.p5e.48xlarge", "ml.p5en.48xlarge", "ml.c5.xlarge", "ml.c5.2xlarge", "ml.c5.4xlarge",
    "ml.c5.9xlarge", "ml.c5.18xlarge", "ml.c5n.xlarge", "ml.c5n.2xlarge", "ml.c5n.4xlarge", "ml.c5n.9xlarge",
    "ml.c5n.18xlarge", "ml.g5.xlarge", "ml.g5.2xlarge", "ml.g5.4xlarge", "ml.g5.8xlarge", "ml.g5.16xlarge",
    "ml.g5.12xlarge", "ml.g5.24xlarge", "ml.g5.48xlarge", "ml.g6.xlarge", "ml.g6.2xlarge", "ml.g6.4xlarge",
    "ml.g6.8xlarge", "ml.g6.16xlarge", "ml.g6.12xlarge", "ml.g6.24xlarge", "ml.g6.48xlarge", "ml.g6e.xlarge",
    "ml.g6e.2xlarge", "ml.g6e.4xlarge", "ml.g6e.8xlarge", "ml.g6e.16xlarge", "ml.g6e.12xlarge", "ml.g6e.24xlarge",
    "ml.g6e.48xlarge", "ml.trn1.2xlarge", "ml.trn1.32xlarge", "ml.trn1n.32xlarge", "ml.trn2.48xlarge", "ml.m6i.large",
    "ml.m6i.xlarge", "ml.m6i.2xlarge", "ml.m6i.4xlarge", "ml.m6i.8xlarge", "ml.m6i.12xlarge", "ml.m6i.16xlarge",
    "ml.m6i.24xlarge", "ml.m6i.32xlarge", "ml.c6i.xlarge", "ml.c6i.2xlarge", "ml.c6i.8xlarge", "ml.c6i.4xlarge",
    "ml.c6i.12xlarge", "ml.c6i.16xlarge", "ml.c6i.24xlarge", "ml.c6i.32xlarge", "ml.r5d.large", "ml.r5d.xlarge",
    "ml.r5d.2xlarge", "ml.r5d.4xlarge", "ml.r5d.8xlarge", "ml.r5d.12xlarge", "ml.r5d.16xlarge", "ml.r5d.24xlarge",
    "ml.t3.medium", "ml.t3.large", "ml.t3.xlarge", "ml.t3.2xlarge", "ml.r5.large", "ml.r5.xlarge", "ml.r5.2xlarge",
    "ml.r5.4xlarge", "ml.r5.8xlarge", "ml.r5.12xlarge", "ml.r5.16xlarge", "ml.r5.24xlarge", "ml.p6-b200.48xlarge",
    "ml.m7i.large", "ml.m7i.xlarge", "ml.m7i.2xlarge", "ml.m7i.4xlarge", "ml.m7i.8xlarge", "ml.m7i.12xlarge",
    "ml.m7i.16xlarge", "ml.m7i.24xlarge", "ml.m7i.48xlarge", "ml.c7i.large", "ml.c7i.xlarge", "ml.c7i.2xlarge",
    "ml.c7i.4xlarge", "ml.c7i.8xlarge", "ml.c7i.12xlarge", "ml.c7i.16xlarge", "ml.c7i.24xlarge", "ml.c7i.48xlarge",
    "ml.r7i.large", "ml.r7i.xlarge", "ml.r7i.2xlarge", "ml.r7i.4xlarge", "ml.r7i.8xlarge", "ml.r7i.12xlarge",
    "ml.r7i.16xlarge", "ml.r7i.24xlarge", "ml.r7i.48xlarge", "ml.p6e-gb200.36xlarge", "ml.p5.4xlarge",
    "ml.p6-b300.48xlarge", "ml.g7e.2xlarge", "ml.g7e.4xlarge", "ml.g7e.8xlarge", "ml.g7e.12xlarge", "ml.g7e.24xlarge",
    "ml.g7e.48xlarge", "ml.g7.2xlarge", "ml.g7.4xlarge", "ml.g7.8xlarge", "ml.g7.12xlarge", "ml.g7.24xlarge",
    "ml.g7.48xlarge", "ml.r6i.large", "ml.r6i.xlarge", "ml.r6i.2xlarge", "ml.r6i.4xlarge", "ml.r6i.8xlarge",
    "ml.r6i.12xlarge", "ml.r6i.16xlarge", "ml.r6i.24xlarge", "ml.r6i.32xlarge", "ml.m8i.large", "ml.m8i.xlarge",
    "ml.m8i.2xlarge", "ml.m8i.4xlarge", "ml.m8i.8xlarge", "ml.m8i.12xlarge", "ml.m8i.16xlarge", "ml.m8i.24xlarge",
    "ml.m8i.32xlarge", "ml.m8i.48xlarge", "ml.m8i.96xlarge", "ml.c8i.xlarge", "ml.c8i.2xlarge", "ml.c8i.4xlarge",
    "ml.c8i.8xlarge", "ml.c8i.12xlarge", "ml.c8i.16xlarge", "ml.c8i.24xlarge", "ml.c8i.32xlarge", "ml.c8i.48xlarge",
    "ml.c8i.96xlarge", "ml.r8i.large", "ml.r8i.xlarge", "ml.r8i.2xlarge", "ml.r8i.4xlarge", "ml.r8i.8xlarge",
    "ml.r8i.12xlarge", "ml.r8i.16xlarge", "ml.r8i.24xlarge", "ml.r8i.32xlarge", "ml.r8i.48xlarge", "ml.r8i.96xlarge",
    "ml.m7i-flex.large", "ml.m7i-flex.xlarge", "ml.m7i-flex.2xlarge", "ml.m7i-flex.4xlarge", "ml.m7i-flex.8xlarge",
    "ml.m7i-flex.12xlarge", "ml.m7i-flex.16xlarge", "ml.c7i-flex.xlarge", "ml.c7i-flex.2xlarge", "ml.c7i-flex.4xlarge",
    "ml.c7i-flex.8xlarge", "ml.c7i-flex.12xlarge", "ml.c7i-flex.16xlarge", "ml.m8i-flex.large", "ml.m8i-flex.xlarge",
    "ml.m8i-flex.2xlarge", "ml.m8i-flex.4xlarge", "ml.m8i-flex.8xlarge", "ml.m8i-flex.12xlarge", "ml.m8i-flex.16xlarge",
    "ml.c8i-flex.xlarge", "ml.c8i-flex.2xlarge", "ml.c8i-flex.4xlarge", "ml.c8i-flex.8xlarge", "ml.c8i-flex.12xlarge",
    "ml.c8i-flex.16xlarge", "ml.r8i-flex.large", "ml.r8i-flex.xlarge", "ml.r8i-flex.2xlarge", "ml.r8i-flex.4xlarge",
    "ml.r8i-flex.8xlarge", "ml.r8i-flex.12xlarge", "ml.r8i-flex.16xlarge", "FineTuning", "Evaluation", "SFT", "DPO",
    "RLVR", "RLAIF", "LORA", "LLMAJEvaluation", "CustomScorerEvaluation", "BenchmarkEvaluation", "MultiRecord",
    "SingleRecord", "None", "Line", "RecordIO", "TFRecord", "None", "Line", "ml.m4.xlarge", "ml.m4.2xlarge",
    "ml.m4.4xlarge", "ml.m4.10xlarge", "ml.m4.16xlarge", "ml.c4.xlarge", "ml.c4.2xlarge", "ml.c4.4xlarge",
    "ml.c4.8xlarge", "ml.p2.xlarge", "ml.p2.8xlarge", "ml.p2.16xlarge", "ml.p3.2xlarge", "ml.p3.8xlarge",
    "ml.p3.16xlarge", "ml.c5.xlarge", "ml.c5.2xlarge", "ml.c5.4xlarge", "ml.c5.9xlarge", "ml.c5.18xlarge",
    "ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.m5.12xlarge", "ml.m5.24xlarge", "ml.m6i.large",
    "ml.m6i.xlarge", "ml.m6i.2xlarge", "ml.m6i.4xlarge", "ml.m6i.8xlarge", "ml.m6i.12xlarge", "ml.m6i.16xlarge",
    "ml.m6i.24xlarge", "ml.m6i.32xlarge", "ml.c6i.large", "ml.c6i.xlarge", "ml.c6i.2xlarge", "ml.c6i.4xlarge",
    "ml.c6i.8xlarge", "ml.c6i.12xlarge", "ml.c6i.16xlarge", "ml.c6i.24xlarge", "ml.c6i.32xlarge", "ml.r6i.large",
    "ml.r6i.xlarge", "ml.r6i.2xlarge", "ml.r6i.4xlarge", "ml.r6i.8xlarge", "ml.r6i.12xlarge", "ml.r6i.16xlarge",
    "ml.r6i.24xlarge", "ml.r6i.32xlarge", "ml.m7i.large", "ml.m7i.xlarge", "ml.m7i.2xlarge", "ml.m7i.4xlarge",
    "ml.m7i.8xlarge", "ml.m7i.12xlarge", "ml.m7i.16xlarge", "ml.m7i.24xlarge", "ml.m7i.48xlarge", "ml.c7i.large",
    "ml.c7i.xlarge", "ml.c7i.2xlarge", "ml.c7i.4xlarge", "ml.c7i.8xlarge", "ml.c7i.12xlarge", "ml.c7i.16xlarge",
    "ml.c7i.24xlarge", "ml.c7i.48xlarge", "ml.r7i.large", "ml.r7i.xlarge", "ml.r7i.2xlarge", "ml.r7i.4xlarge",
    "ml.r7i.8xlarge", "ml.r7i.12xlarge", "ml.r7i.16xlarge", "ml.r7i.24xlarge", "ml.r7i.48xlarge", "ml.g4dn.xlarge",
    "ml.g4dn.2xlarge", "ml.g4dn.4xlarge", "ml.g4dn.8xlarge", "ml.g4dn.12xlarge", "ml.g4dn.16xlarge", "ml.g5.xlarge",
    "ml.g5.2xlarge", "ml.g5.4xlarge", "ml.g5.8xlarge", "ml.g5.12xlarge", "ml.g5.16xlarge", "ml.g5.24xlarge",
    "ml.g5.48xlarge", "ml.trn1.2xlarge", "ml.trn1.32xlarge", "ml.inf2.xlarge", "ml.inf2.8xlarge", "ml.inf2.24xlarge",
    "ml.inf2.48xlarge", "ml.g6.xlarge", "ml.g6.2xlarge", "ml.g6.4xlarge", "ml.g6.8xlarge", "ml.g6.12xlarge",
    "ml.g6.16xlarge", "ml.g6.24xlarge", "ml.g6.48xlarge", "ml.g6e.xlarge", "ml.g6e.2xlarge", "ml.g6e.4xlarge",
    "ml.g6e.8xlarge", "ml.g6e.12xlarge", "ml.g6e.16xlarge", "ml.g6e.24xlarge", "ml.g6e.48xlarge", "Input", "None",
    "Creating", "Updating", "Deleting", "ActivatingTraffic", "Baking", "Started", "Stopped", "OutOfService", "Creating",
    "Updating", "SystemUpdating", "RollingBack", "InService", "Deleting", "Failed", "UpdateRollbackFailed",
    "IN_PROGRESS", "COMPLETED", "FAILED", "NOT_APPLICABLE", "InProgress", "Completed", "Failed", "Stopping", "Stopped",
    "InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting", "Starting", "LaunchingMLInstances",
    "PreparingTrainingStack", "Downloading", "DownloadingTrainingImage", "Training", "Uploading", "Stopping", "Stopped",
    "MaxRuntimeExceeded", "Completed", "Failed", "Interrupted", "MaxWaitTimeExceeded", "Updating", "Restarting",
    "Pending", "Available", "Terminated", "Reused", "InUse", "InProgress", "NoIssuesFound", "IssuesFound", "Error",
    "Stopping", "Stopped", "Enabled", "Disabled", "InProgress", "Completed", "Failed", "Stopping", "Stopped", "Name",
    "CreationTime", "Ascending", "Descending", "Name", "CreationTime", "Status", "Name", "CreationTime", "Name",
    "CreationTime", "Status", "Ascending", "Descending", "DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig",
};

constexpr Pattern kPatterns[] = {
    {"([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", ""},
    {"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+", "arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:endpoint/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:endpoint/.*", ""},
    {"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", ""},
    {"(?!\\s*$).+", ".+", "\\s*"},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:endpoint-config/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:endpoint-config/.*", ""},
    {"[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?", "[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?", ""},
    {"(https|s3)://([^/])/?(.*)", "(https|s3)://([^/])/?(.*)", ""},
    {"[a-zA-Z0-9:/_-]*", "[a-zA-Z0-9:/_-]*", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z0-9\\-]{1,14}/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z0-9\\-]{1,14}/.*", ""},
    {"mig-[0-9]+g\\.[0-9]+gb([+-][a-z0-9.]+)*", "mig-[0-9]+g\\.[0-9]+gb([+-][a-z0-9.]+)*", ""},
    {"[a-zA-Z0-9](-*[a-zA-Z0-9])*\\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*", "[a-zA-Z0-9](-*[a-zA-Z0-9])*\\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*", ""},
    {"arn:aws[a-z\\-]*:sns:[a-z0-9\\-]*:[0-9]{12}:[a-zA-Z0-9_.-]+", "arn:aws[a-z\\-]*:sns:[a-z0-9\\-]*:[0-9]{12}:[a-zA-Z0-9_.-]+", ""},
    {".*", ".*", ""},
    {"[a-zA-Z0-9](-*[a-zA-Z0-9])*\\/[a-zA-Z0-9](-*[a-zA-Z0-9+.])*", "[a-zA-Z0-9](-*[a-zA-Z0-9])*\\/[a-zA-Z0-9](-*[a-zA-Z0-9+.])*", ""},
    {"[\\s\\S]+", "[\\s\\S]+", ""},
    {"(https|s3)://([^/]+)/?(.*)", "(https|s3)://([^/]+)/?(.*)", ""},
    {"arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+", "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+", ""},
    {"[-0-9a-zA-Z]+", "[-0-9a-zA-Z]+", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:model/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:model/.*", ""},
    {"[\\S]+", "[\\S]+", ""},
    {"[A-Za-z0-9\\.\\-_]+", "[A-Za-z0-9\\.\\-_]+", ""},
    {"[a-zA-Z_][a-zA-Z0-9_]*", "[a-zA-Z_][a-zA-Z0-9_]*", ""},
    {"[\\S\\s]*", "[\\S\\s]*", ""},
    {"(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)(\\/[0-9]{1,9})?", "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\\/[0-9]{1,9})?", ""},
    {"/(?!.*\\.\\.)[a-zA-Z0-9/_.\\-]+", "/[a-zA-Z0-9/_.\\-]+", "/.*\\.\\..*"},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:processing-job/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:processing-job/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", ""},
    {"[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*", "[\\x{0020}-\\x{D7FF}\\x{E000}-\\x{FFFD}\\x{10000}-\\x{10FFFF}\\t]*", ""},
    {"[a-zA-Z0-9._-]+", "[a-zA-Z0-9._-]+", ""},
    {"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}", "[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}", ""},
    {"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}", "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:training-job/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:training-job/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", ""},
    {"(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)", "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)", ""},
    {".+", ".+", ""},
    {"arn:[\\p{Alnum}\\-]+:lambda:[\\p{Alnum}\\-]+:[0-9]{12}:function:.*", "arn:[[:alnum:]\\-]+:lambda:[[:alnum:]\\-]+:[0-9]{12}:function:.*", ""},
    {"(fs-[0-9a-f]{8,})", "(fs-[0-9a-f]{8,})", ""},
    {"(arn:[a-z0-9-\\.]{1,63}:sagemaker:\\w+(?:-\\w+)+:(\\d{12}|aws):hub-content\\/)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\\/DataSet\\/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}(\\/\\d{1,4}.\\d{1,4}.\\d{1,4})?", "(arn:[a-z0-9-\\.]{1,63}:sagemaker:\\w+(?:-\\w+)+:(\\d{12}|aws):hub-content\\/)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\\/DataSet\\/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}(\\/\\d{1,4}.\\d{1,4}.\\d{1,4})?", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:training-plan/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:training-plan/.*", ""},
    {"(arn:[a-z0-9-\\.]{1,63}:sagemaker:\\w+(?:-\\w+)+:(\\d{12}|aws):hub-content\\/)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\\/Model\\/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}(\\/\\d{1,4}.\\d{1,4}.\\d{1,4})?", "(arn:[a-z0-9-\\.]{1,63}:sagemaker:\\w+(?:-\\w+)+:(\\d{12}|aws):hub-content\\/)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\\/Model\\/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}(\\/\\d{1,4}.\\d{1,4}.\\d{1,4})?", ""},
    {"\\d+K", "\\d+K", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:mlflow-[a-zA-Z-]*/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:mlflow-[a-zA-Z-]*/.*", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package-group/[\\S]{1,2048}", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package-group/[\\S]+", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package/[\\S]{1,2048}", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package/[\\S]+", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:transform-job/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:transform-job/.*", ""},
    {"[a-zA-Z_][a-zA-Z0-9_]{0,1023}", "[a-zA-Z_][a-zA-Z0-9_]*", ""},
    {"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*", "[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:automl-job/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:automl-job/.*", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:hyper-parameter-tuning-job/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:hyper-parameter-tuning-job/.*", ""},
    {"arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:labeling-job/.*", "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:labeling-job/.*", ""},
    {"[a-zA-Z0-9-]+", "[a-zA-Z0-9-]+", ""},
    {"[a-zA-Z0-9\\-]+", "[a-zA-Z0-9\\-]+", ""},
};

constexpr std::string_view kOtherOperations[] = {
    "AddAssociation", "AssociateTrialComponent", "AttachClusterNodeNetworkInterface", "AttachClusterNodeVolume",
    "BatchAddClusterNodes", "BatchDeleteClusterNodes", "BatchDescribeModelPackage", "BatchRebootClusterNodes",
    "BatchReplaceClusterNodes", "CreateAIBenchmarkJob", "CreateAIRecommendationJob", "CreateAIWorkloadConfig",
    "CreateAction", "CreateAlgorithm", "CreateApp", "CreateAppImageConfig", "CreateArtifact", "CreateAutoMLJob",
    "CreateAutoMLJobV2", "CreateCluster", "CreateClusterExtension", "CreateClusterSchedulerConfig",
    "CreateCodeRepository", "CreateCompilationJob", "CreateComputeQuota", "CreateContext",
    "CreateDataQualityJobDefinition", "CreateDeviceFleet", "CreateDomain", "CreateEdgeDeploymentPlan",
    "CreateEdgeDeploymentStage", "CreateEdgePackagingJob", "CreateExperiment", "CreateFeatureGroup",
    "CreateFlowDefinition", "CreateHub", "CreateHubContentPresignedUrls", "CreateHubContentReference",
    "CreateHumanTaskUi", "CreateHyperParameterTuningJob", "CreateImage", "CreateImageVersion",
    "CreateInferenceComponent", "CreateInferenceExperiment", "CreateInferenceRecommendationsJob",
    "CreateInferenceRouter", "CreateJob", "CreateLabelingJob", "CreateMlflowApp", "CreateMlflowTrackingServer",
    "CreateModelBiasJobDefinition", "CreateModelCard", "CreateModelCardExportJob",
    "CreateModelExplainabilityJobDefinition", "CreateModelPackage", "CreateModelPackageGroup",
    "CreateModelQualityJobDefinition", "CreateMonitoringSchedule", "CreateNotebookInstance",
    "CreateNotebookInstanceLifecycleConfig", "CreateOptimizationJob", "CreatePartnerApp",
    "CreatePartnerAppPresignedUrl", "CreatePipeline", "CreatePresignedDomainUrl", "CreatePresignedMlflowAppUrl",
    "CreatePresignedMlflowTrackingServerUrl", "CreatePresignedNotebookInstanceUrl", "CreateProject", "CreateSpace",
    "CreateStudioLifecycleConfig", "CreateTrainingPlan", "CreateTrainingSession", "CreateTrial", "CreateTrialComponent",
    "CreateUserProfile", "CreateWorkforce", "CreateWorkteam", "DeleteAIBenchmarkJob", "DeleteAIRecommendationJob",
    "DeleteAIWorkloadConfig", "DeleteAction", "DeleteAlgorithm", "DeleteApp", "DeleteAppImageConfig", "DeleteArtifact",
    "DeleteAssociation", "DeleteCluster", "DeleteClusterExtension", "DeleteClusterSchedulerConfig",
    "DeleteCodeRepository", "DeleteCompilationJob", "DeleteComputeQuota", "DeleteContext",
    "DeleteDataQualityJobDefinition", "DeleteDeviceFleet", "DeleteDomain", "DeleteEdgeDeploymentPlan",
    "DeleteEdgeDeploymentStage", "DeleteEndpointPolicy", "DeleteExperiment", "DeleteFeatureGroup",
    "DeleteFlowDefinition", "DeleteHub", "DeleteHubContent", "DeleteHubContentReference", "DeleteHumanTaskUi",
    "DeleteHyperParameterTuningJob", "DeleteImage", "DeleteImageVersion", "DeleteInferenceComponent",
    "DeleteInferenceExperiment", "DeleteInferenceRouter", "DeleteJob", "DeleteMlflowApp", "DeleteMlflowTrackingServer",
    "DeleteModelBiasJobDefinition", "DeleteModelCard", "DeleteModelExplainabilityJobDefinition", "DeleteModelPackage",
    "DeleteModelPackageGroup", "DeleteModelPackageGroupPolicy", "DeleteModelQualityJobDefinition",
    "DeleteMonitoringSchedule", "DeleteNotebookInstance", "DeleteNotebookInstanceLifecycleConfig",
    "DeleteOptimizationJob", "DeletePartnerApp", "DeletePipeline", "DeleteProject", "DeleteSpace",
    "DeleteStudioLifecycleConfig", "DeleteTrainingSession", "DeleteTrial", "DeleteTrialComponent", "DeleteUserProfile",
    "DeleteWorkforce", "DeleteWorkteam", "DeregisterDevices", "DescribeAIBenchmarkJob", "DescribeAIRecommendationJob",
    "DescribeAIWorkloadConfig", "DescribeAction", "DescribeAlgorithm", "DescribeApp", "DescribeAppImageConfig",
    "DescribeArtifact", "DescribeAutoMLJob", "DescribeAutoMLJobV2", "DescribeCluster", "DescribeClusterEvent",
    "DescribeClusterExtension", "DescribeClusterNode", "DescribeClusterOperation", "DescribeClusterSchedulerConfig",
    "DescribeCodeRepository", "DescribeCompilationJob", "DescribeComputeQuota", "DescribeContext",
    "DescribeDataQualityJobDefinition", "DescribeDevice", "DescribeDeviceFleet", "DescribeDomain",
    "DescribeEdgeDeploymentPlan", "DescribeEdgePackagingJob", "DescribeExperiment", "DescribeFeatureGroup",
    "DescribeFeatureMetadata", "DescribeFlowDefinition", "DescribeHub", "DescribeHubContent", "DescribeHumanTaskUi",
    "DescribeHyperParameterTuningJob", "DescribeImage", "DescribeImageVersion", "DescribeInferenceComponent",
    "DescribeInferenceExperiment", "DescribeInferenceRecommendationsJob", "DescribeInferenceRouter", "DescribeJob",
    "DescribeJobSchemaVersion", "DescribeLabelingJob", "DescribeLineageGroup", "DescribeMlflowApp",
    "DescribeMlflowTrackingServer", "DescribeModelBiasJobDefinition", "DescribeModelCard", "DescribeModelCardExportJob",
    "DescribeModelExplainabilityJobDefinition", "DescribeModelPackage", "DescribeModelPackageGroup",
    "DescribeModelQualityJobDefinition", "DescribeMonitoringSchedule", "DescribeNotebookInstance",
    "DescribeNotebookInstanceLifecycleConfig", "DescribeOptimizationJob", "DescribePartnerApp", "DescribePipeline",
    "DescribePipelineDefinitionForExecution", "DescribePipelineExecution", "DescribeProject",
    "DescribeReservedCapacity", "DescribeSpace", "DescribeStudioLifecycleConfig", "DescribeSubscribedWorkteam",
    "DescribeTrainingPlan", "DescribeTrainingPlanExtensionHistory", "DescribeTrainingSession", "DescribeTrial",
    "DescribeTrialComponent", "DescribeUserProfile", "DescribeWorkforce", "DescribeWorkteam", "DetachClusterNodeVolume",
    "DisableSagemakerServicecatalogPortfolio", "DisassociateTrialComponent", "EnableSagemakerServicecatalogPortfolio",
    "ExtendTrainingPlan", "GetDeviceFleetReport", "GetEndpointPolicy", "GetLineageGroupPolicy",
    "GetModelPackageGroupPolicy", "GetSagemakerServicecatalogPortfolioStatus", "GetScalingConfigurationRecommendation",
    "GetSearchSuggestions", "ImportHubContent", "ListAIBenchmarkJobs", "ListAIRecommendationJobs",
    "ListAIWorkloadConfigs", "ListActions", "ListAlgorithms", "ListAliases", "ListAppImageConfigs", "ListApps",
    "ListArtifacts", "ListAssociations", "ListAutoMLJobs", "ListCandidatesForAutoMLJob", "ListClusterEvents",
    "ListClusterExtensionVersions", "ListClusterExtensions", "ListClusterNodes", "ListClusterOperations",
    "ListClusterSchedulerConfigs", "ListClusters", "ListCodeRepositories", "ListCompilationJobs", "ListComputeQuotas",
    "ListContexts", "ListDataQualityJobDefinitions", "ListDeviceFleets", "ListDevices", "ListDomains",
    "ListEdgeDeploymentPlans", "ListEdgePackagingJobs", "ListExperiments", "ListFeatureGroups", "ListFlowDefinitions",
    "ListHubContentVersions", "ListHubContents", "ListHubs", "ListHumanTaskUis", "ListHyperParameterTuningJobs",
    "ListImageVersions", "ListImages", "ListInferenceComponents", "ListInferenceExperiments",
    "ListInferenceRecommendationsJobSteps", "ListInferenceRecommendationsJobs", "ListInferenceRouters",
    "ListJobSchemaVersions", "ListJobs", "ListLabelingJobs", "ListLabelingJobsForWorkteam", "ListLineageGroups",
    "ListMlflowApps", "ListMlflowTrackingServers", "ListModelBiasJobDefinitions", "ListModelCardExportJobs",
    "ListModelCardVersions", "ListModelCards", "ListModelExplainabilityJobDefinitions", "ListModelMetadata",
    "ListModelPackageGroups", "ListModelPackages", "ListModelQualityJobDefinitions", "ListMonitoringAlertHistory",
    "ListMonitoringAlerts", "ListMonitoringExecutions", "ListMonitoringSchedules",
    "ListNotebookInstanceLifecycleConfigs", "ListNotebookInstances", "ListOptimizationJobs", "ListPartnerApps",
    "ListPipelineExecutionSteps", "ListPipelineExecutions", "ListPipelineParametersForExecution",
    "ListPipelineVersions", "ListPipelines", "ListProjects", "ListResourceCatalogs", "ListSpaces", "ListStageDevices",
    "ListStudioLifecycleConfigs", "ListSubscribedWorkteams", "ListTrainingJobsForHyperParameterTuningJob",
    "ListTrainingPlans", "ListTrainingSessions", "ListTrialComponents", "ListTrials",
    "ListUltraServersByReservedCapacity", "ListUserProfiles", "ListWorkforces", "ListWorkteams", "PutEndpointPolicy",
    "PutModelPackageGroupPolicy", "QueryLineage", "RegisterDevices", "RenderUiTemplate", "RetryPipelineExecution",
    "Search", "SearchTrainingPlanOfferings", "SendPipelineExecutionStepFailure", "SendPipelineExecutionStepSuccess",
    "StartClusterHealthCheck", "StartEdgeDeploymentStage", "StartInferenceExperiment", "StartMlflowTrackingServer",
    "StartMonitoringSchedule", "StartNotebookInstance", "StartPipelineExecution", "StartSession", "StopAIBenchmarkJob",
    "StopAIRecommendationJob", "StopAutoMLJob", "StopCompilationJob", "StopEdgeDeploymentStage", "StopEdgePackagingJob",
    "StopHyperParameterTuningJob", "StopInferenceExperiment", "StopInferenceRecommendationsJob", "StopJob",
    "StopLabelingJob", "StopMlflowTrackingServer", "StopMonitoringSchedule", "StopNotebookInstance",
    "StopOptimizationJob", "StopPipelineExecution", "StopTrainingSession", "UpdateAction", "UpdateAppImageConfig",
    "UpdateArtifact", "UpdateCluster", "UpdateClusterExtension", "UpdateClusterSchedulerConfig",
    "UpdateClusterSoftware", "UpdateCodeRepository", "UpdateComputeQuota", "UpdateContext", "UpdateDeviceFleet",
    "UpdateDevices", "UpdateDomain", "UpdateExperiment", "UpdateFeatureGroup", "UpdateFeatureMetadata", "UpdateHub",
    "UpdateHubContent", "UpdateHubContentReference", "UpdateImage", "UpdateImageVersion", "UpdateInferenceComponent",
    "UpdateInferenceComponentRuntimeConfig", "UpdateInferenceExperiment", "UpdateInferenceRouter", "UpdateMlflowApp",
    "UpdateMlflowTrackingServer", "UpdateModelCard", "UpdateModelPackage", "UpdateMonitoringAlert",
    "UpdateMonitoringSchedule", "UpdateNotebookInstance", "UpdateNotebookInstanceLifecycleConfig", "UpdatePartnerApp",
    "UpdatePipeline", "UpdatePipelineExecution", "UpdatePipelineVersion", "UpdateProject", "UpdateSpace", "UpdateTrial",
    "UpdateTrialComponent", "UpdateUserProfile", "UpdateWorkforce", "UpdateWorkteam",
};

}  // namespace

std::span<const Shape> shapes() { return kShapes; }
std::span<const Member> all_members() { return kMembers; }
std::span<const std::string_view> all_enumerators() { return kEnumerators; }
std::span<const Pattern> patterns() { return kPatterns; }
std::span<const Operation> operations() { return kOperations; }
std::span<const std::string_view> other_operations() { return kOtherOperations; }

}  // namespace chiliad::control
