// What no request of the API is asked for: a file of the console, or an address of one of its pages, for which the page itself
// (index.html) is the answer. A name with a dot in its last part is a file; one that is missing is told so, or a page of an older
// version would get HTML for its script. Only for browsers: the Unix socket and the other node's agent have no use for pages.
using HaMirror.Core.Api;
using Microsoft.Net.Http.Headers;

namespace HaMirror.Agent.Web;

/// <summary>Serves the console.</summary>
internal static class ConsolePages
{
    /// <summary>All that is not something else.</summary>
    public const string Pattern = "/{**path}";

    private const string ForEver = "public, max-age=31536000, immutable", AskAgain = "no-cache";

    public static void MapPages(this IEndpointRouteBuilder app) =>
        app.MapMethods(Pattern, ["GET", "HEAD"], AnswerAsync).ExcludeFromDescription().WithOrder(int.MaxValue);

    internal static ConsoleFile? Find(string path)
    {
        path = path.TrimStart('/');
        if (ConsoleFiles.All.TryGetValue(path, out var file)) return file;
        if (path.StartsWith("v1/", StringComparison.Ordinal) || path == "v1" || path.StartsWith(ConsolePath.Health[1..] + "/", StringComparison.Ordinal)) return null;
        return path[(path.LastIndexOf('/') + 1)..].Contains('.', StringComparison.Ordinal) ? null : ConsoleFiles.All.GetValueOrDefault(ConsoleFiles.Index);
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (context.Features.Get<Arrival>() is not { Kind: ArrivalKind.Web } || Find(request.Path.Value ?? "") is not { } file)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        response.Headers.CacheControl = file.Lasting ? ForEver : AskAgain;
        response.Headers.ETag = file.Tag;
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        if (request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Any(tag => tag == file.Tag || tag == "W/" + file.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var (content, encoding) = Choose(file, request.Headers.AcceptEncoding.ToString());
        if (encoding is not null) response.Headers.ContentEncoding = encoding;
        response.ContentType = file.Type;
        response.ContentLength = content.Length;
        if (request.Method != "HEAD") await response.Body.WriteAsync(content, context.RequestAborted);
    }

    /// <summary>The smallest form that the browser takes.</summary>
    internal static (byte[] Content, string? Encoding) Choose(ConsoleFile file, string accepted)
    {
        var words = StringWithQualityHeaderValue.TryParseList([accepted], out var list) ? list.Where(word => word.Quality is null or > 0).Select(word => word.Value.ToString()).ToHashSet(StringComparer.OrdinalIgnoreCase) : [];
        if (file.Brotli is not null && words.Contains("br")) return (file.Brotli, "br");
        return file.Gzip is not null && words.Contains("gzip") ? (file.Gzip, "gzip") : (file.Plain, null);
    }
}
