package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.temporal.api.enums.v1.WorkflowIdConflictPolicy;
import io.temporal.api.enums.v1.WorkflowIdReusePolicy;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowExecutionAlreadyStarted;
import io.temporal.client.WorkflowFailedException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.Priority;
import io.temporal.common.SearchAttributeKey;
import io.temporal.common.SearchAttributes;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Clones volumes from Java: for each request file, starts the workflow and prints how it ended.
 *
 * <pre>mvn -q compile exec:java -Dexec.args=../requests/clone.json</pre>
 */
public final class Clone {
  private static final SearchAttributeKey<String> CLUSTER = SearchAttributeKey.forKeyword("ElementCluster");
  private static final SearchAttributeKey<String> PHASE = SearchAttributeKey.forKeyword("ElementPhase");
  private static final SearchAttributeKey<Long> SOURCE = SearchAttributeKey.forLong("ElementSourceVolumeID");

  private final WorkflowClient client;

  private Clone(WorkflowClient client) {
    this.client = client;
  }

  /** Starts a clone. A requestId that is known already gives the clone that has it, running or done. */
  private WorkflowStub start(JsonNode request) {
    String key = request.path("requestId").asText("");
    String unique = UUID.randomUUID().toString().substring(0, 8);
    if (key.isEmpty()) {
      String id = "clone-volume-" + request.path("volumeID").asLong() + "-" + unique;
      return begin(id, WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, request);
    }
    try {
      // The one ID that may serve this key. After a failure it may be used again.
      return begin(
          "clone-for-request-" + key,
          WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
          request);
    } catch (WorkflowExecutionAlreadyStarted taken) {
      // Under any other ID the workflow waits for the one that has the key, if that was asked for the same.
      return begin(
          "join-" + key + "-" + unique, WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, request);
    }
  }

  private WorkflowStub begin(String id, WorkflowIdReusePolicy reuse, JsonNode request) {
    String cluster = request.path("cluster").asText();
    long volumeID = request.path("volumeID").asLong();
    WorkflowOptions options =
        WorkflowOptions.newBuilder()
            .setWorkflowId(id)
            .setTaskQueue(env("ELEMENT_CLONE_TASK_QUEUE", "element-clone"))
            .setWorkflowIdReusePolicy(reuse)
            .setWorkflowIdConflictPolicy(WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_FAIL)
            // What follows is for people, and for lists from the first moment on: the workflow works without.
            .setMemo(Map.of("request", request))
            .setTypedSearchAttributes(
                SearchAttributes.newBuilder()
                    .set(CLUSTER, cluster)
                    .set(PHASE, "waiting")
                    .set(SOURCE, volumeID)
                    .build())
            .setStaticSummary(
                "Clone volume %d of %s → %s".formatted(volumeID, cluster, request.path("name").asText()))
            .setPriority(Priority.newBuilder().setPriorityKey(request.path("priority").asInt(3)).build())
            .build();
    WorkflowStub clone = client.newUntypedWorkflowStub("cloneVolume", options);
    clone.start(request);
    return clone;
  }

  /** What the failure of a clone says, for people and for programs. */
  private static String explain(WorkflowFailedException ended) {
    if (ended.getCause() instanceof CanceledFailure) {
      return "cancelled: nothing is left";
    }
    if (!(ended.getCause() instanceof ApplicationFailure failure)) {
      return "ended from outside: " + ended.getCause();
    }
    if (failure.getType().equals("InvalidRequest")) {
      String[] faults = failure.getDetails().get(0, String[].class);
      return "refused, nothing was created:\n  - " + String.join("\n  - ", faults);
    }
    if (failure.getType().equals("CloneFailed")) {
      JsonNode details = failure.getDetails().get(0, JsonNode.class);
      List<String> undone = new ArrayList<>();
      details.path("undone").forEach(thing -> undone.add(thing.asText()));
      List<String> left = new ArrayList<>();
      details.path("leftBehind").forEach(thing -> left.add(thing.path("kind").asText() + " " + thing.path("id")));
      return "failed in step %s (%s: %s)\n  undone: %s\n  left behind: %s"
          .formatted(
              details.path("step").asText(),
              details.path("method").asText(),
              details.path("apiName").asText(),
              undone.isEmpty() ? "nothing" : String.join("; ", undone),
              left.isEmpty() ? "nothing" : String.join(", ", left));
    }
    return failure.getType() + ": " + failure.getOriginalMessage();
  }

  private static String env(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }

  public static void main(String[] paths) throws Exception {
    WorkflowServiceStubs service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(env("TEMPORAL_ADDRESS", "localhost:7233")).build());
    WorkflowClient client =
        WorkflowClient.newInstance(
            service,
            WorkflowClientOptions.newBuilder().setNamespace(env("TEMPORAL_NAMESPACE", "default")).build());
    Clone clones = new Clone(client);
    for (String path : paths) {
      WorkflowStub clone = clones.start(new ObjectMapper().readTree(new File(path)));
      System.out.println(clone.getExecution().getWorkflowId());
      try {
        JsonNode result = clone.getResult(JsonNode.class);
        System.out.printf(
            "  volume %d \"%s\", %d bytes%n",
            result.path("volumeID").asLong(),
            result.path("volume").path("name").asText(),
            result.path("bytes").asLong());
      } catch (WorkflowFailedException ended) {
        System.out.println("  " + explain(ended).replace("\n", "\n  "));
      }
    }
    service.shutdown();
  }
}
