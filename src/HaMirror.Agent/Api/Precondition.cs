using HaMirror.Agent.Hosting;

namespace HaMirror.Agent.Api;

/// <summary>If-Match and If-None-Match (RFC 9110, section 13): nobody changes what he has not seen.</summary>
internal static class Precondition
{
    /// <summary>Shows the version that a later change has to name.</summary>
    public static void Show(HttpContext context, string? version)
    {
        if (version is not null) context.Response.Headers.ETag = $"\"{version}\"";
    }

    /// <param name="present">What is there now; null: nothing.</param>
    /// <param name="what">For the refusal, e.g. <c>the configuration of module m1</c>.</param>
    /// <exception cref="Refusal">412: it is another one than the caller has seen. 428: he does not say which he has seen.</exception>
    public static void Check(HttpContext context, string? present, string what)
    {
        var match = context.Request.Headers.IfMatch.ToString();
        var none = context.Request.Headers.IfNoneMatch.ToString().Trim();
        if (match.Length == 0 && none.Length == 0)
            throw new Refusal(StatusCodes.Status428PreconditionRequired, $"The request does not say which version of {what} it changes.",
                "Read it, and send its ETag as If-Match; for one that is new send If-None-Match: *.");
        if (none.Length > 0 && present is not null)
            throw new Refusal(StatusCodes.Status412PreconditionFailed, $"There is {what} already.", "Read it, and send its ETag as If-Match.");
        if (match.Length > 0 && match.Trim() != "*" && match.Split(',').All(one => one.Trim().Trim('"') != (present ?? "")))
            throw new Refusal(StatusCodes.Status412PreconditionFailed, $"Somebody else has changed {what} since it was read.", "Read it again, and make the change there.");
        if (match.Length > 0 && present is null) throw new Refusal(Refusal.NotFound, $"There is not {what}.", "Send If-None-Match: * to make it.");
    }
}
