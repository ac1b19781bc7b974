// Clones volumes from Go: for each request file, starts the workflow and prints how it ended.
//
//	go run . ../requests/clone.json
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/google/uuid"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"log/slog"
)

// Request has the fields used here; schemas/cloneVolume.request.schema.json has them all.
type Request struct {
	Cluster            string `json:"cluster"`
	VolumeID           int64  `json:"volumeID"`
	Name               string `json:"name"`
	VolumeAccessGroups []any  `json:"volumeAccessGroups,omitempty"`
	Modify             any    `json:"modify,omitempty"`
	RequestID          string `json:"requestId,omitempty"`
	RequestedBy        string `json:"requestedBy,omitempty"`
	Colour             string `json:"colour,omitempty"` // no such field: to be refused
}

// Result likewise: schemas/cloneVolume.result.schema.json.
type Result struct {
	VolumeID int64 `json:"volumeID"`
	Bytes    int64 `json:"bytes"`
	Volume   struct {
		Name string `json:"name"`
	} `json:"volume"`
}

// FailureDetails is what a failure of the type CloneFailed carries: schemas/cloneVolume.failure.schema.json.
type FailureDetails struct {
	Step       string   `json:"step"`
	Method     string   `json:"method"`
	APIName    string   `json:"apiName"`
	Undone     []string `json:"undone"`
	LeftBehind []struct {
		Kind string `json:"kind"`
		ID   *int64 `json:"id"`
	} `json:"leftBehind"`
}

var (
	cluster = temporal.NewSearchAttributeKeyKeyword("ElementCluster")
	phase   = temporal.NewSearchAttributeKeyKeyword("ElementPhase")
	source  = temporal.NewSearchAttributeKeyInt64("ElementSourceVolumeID")
)

// start starts a clone. A requestId that is known already gives the clone that has it, running or done.
func start(ctx context.Context, c client.Client, request Request) (client.WorkflowRun, error) {
	begin := func(id string, reuse enums.WorkflowIdReusePolicy) (client.WorkflowRun, error) {
		return c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:                                       id,
			TaskQueue:                                cmp.Or(os.Getenv("ELEMENT_CLONE_TASK_QUEUE"), "element-clone"),
			WorkflowIDReusePolicy:                    reuse,
			WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
			WorkflowExecutionErrorWhenAlreadyStarted: true,
			// What follows is for people, and for lists from the first moment on: the workflow works without.
			Memo: map[string]any{"request": request},
			TypedSearchAttributes: temporal.NewSearchAttributes(
				cluster.ValueSet(request.Cluster), phase.ValueSet("waiting"), source.ValueSet(request.VolumeID)),
			StaticSummary: fmt.Sprintf("Clone volume %d of %s → %s", request.VolumeID, request.Cluster, request.Name),
			Priority:      temporal.Priority{PriorityKey: 3},
		}, "cloneVolume", request)
	}
	unique := uuid.NewString()[:8]
	if request.RequestID == "" {
		return begin(fmt.Sprintf("clone-volume-%d-%s", request.VolumeID, unique), enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
	}
	// The one ID that may serve this key. After a failure it may be used again.
	run, err := begin("clone-for-request-"+request.RequestID, enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY)
	if taken := (*serviceerror.WorkflowExecutionAlreadyStarted)(nil); errors.As(err, &taken) {
		// Under any other ID the workflow waits for the one that has the key, if that was asked for the same.
		return begin("join-"+request.RequestID+"-"+unique, enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
	}
	return run, err
}

// explain says what the failure of a clone says, for people and for programs.
func explain(err error) string {
	if temporal.IsCanceledError(err) {
		return "cancelled: nothing is left"
	}
	var failure *temporal.ApplicationError
	if !errors.As(err, &failure) {
		return "ended from outside: " + err.Error()
	}
	switch failure.Type() {
	case "InvalidRequest":
		var faults []string
		if err := failure.Details(&faults); err != nil {
			return failure.Message()
		}
		return "refused, nothing was created:\n  - " + strings.Join(faults, "\n  - ")
	case "CloneFailed":
		var d FailureDetails
		if err := failure.Details(&d); err != nil {
			return failure.Message()
		}
		left := make([]string, 0, len(d.LeftBehind))
		for _, thing := range d.LeftBehind {
			id := "of unknown ID"
			if thing.ID != nil {
				id = fmt.Sprint(*thing.ID)
			}
			left = append(left, thing.Kind+" "+id)
		}
		return fmt.Sprintf("failed in step %s (%s: %s)\n  undone: %s\n  left behind: %s", d.Step, d.Method, d.APIName,
			cmp.Or(strings.Join(d.Undone, "; "), "nothing"), cmp.Or(strings.Join(left, ", "), "nothing"))
	}
	return failure.Type() + ": " + failure.Message()
}

func run() error {
	c, err := client.Dial(client.Options{
		HostPort:  os.Getenv("TEMPORAL_ADDRESS"),
		Namespace: os.Getenv("TEMPORAL_NAMESPACE"),
		Logger:    tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	ctx := context.Background()
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var request Request
		if err := json.Unmarshal(text, &request); err != nil {
			return err
		}
		handle, err := start(ctx, c, request)
		if err != nil {
			return err
		}
		fmt.Println(handle.GetID())
		var result Result
		if err := handle.Get(ctx, &result); err != nil {
			fmt.Println("  " + strings.ReplaceAll(explain(err), "\n", "\n  "))
			continue
		}
		fmt.Printf("  volume %d %q, %d bytes\n", result.VolumeID, result.Volume.Name, result.Bytes)
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
