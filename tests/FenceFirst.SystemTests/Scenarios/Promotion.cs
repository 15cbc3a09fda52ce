namespace FenceFirst.SystemTests;

/// <summary>The promotion blocks that several scenarios share.</summary>
internal static class Promotion
{
    /// <summary>A fence device that runs a script for the given targets, once per promotion.</summary>
    public static string Device(string script, int timeoutSeconds, params Node[] targets) =>
        $$"""
        fence_device peers {
            script "{{script}}"
            targets {{string.Join(' ', targets.Select(each => each.Address))}}
            timeout {{timeoutSeconds}}
            attempts 1
            retry_interval 1
            delay 0
        }
        """;

    /// <summary>A promotion that needs that device and tries again after a failure.</summary>
    public static string Fence(int retryAfterSeconds, string more = "") =>
        $$"""
            promotion {
                fence peers
                on_failure retry_after {{retryAfterSeconds}}
                {{more}}
            }

        """;
}
