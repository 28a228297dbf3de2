using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Agent.Hosting;

namespace HaMirror.Agent.Api;

/// <summary>Reads a request's body with the source-generated context.</summary>
internal static class ApiBody
{
    private const int BytesMax = 64 << 10;

    /// <summary>Of all files of a module: what they may have, as JSON writes it.</summary>
    public const int DraftBytesMax = 4 << 20;

    /// <exception cref="Refusal">The body is missing, too long, or not what it should be.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int bytesMax = BytesMax)
        where T : class =>
        await TryReadAsync(context, type, bytesMax)
            ?? throw new Refusal(Refusal.BadRequest, "The request has no body.", "Send JSON; the API's description says what belongs there: GET /v1/openapi.json.");

    /// <summary>As above; null when there is no body.</summary>
    public static async Task<T?> TryReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int bytesMax = BytesMax)
        where T : class
    {
        if (context.Request.ContentLength > bytesMax)
            throw new Refusal(Refusal.BadRequest, $"The request's body is longer than {bytesMax} bytes.", "No request of this API needs as much: look at what was sent.");
        if (context.Request.ContentLength == 0) return null;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (body.Length > bytesMax) throw new Refusal(Refusal.BadRequest, $"The request's body is longer than {bytesMax} bytes."); // It came without a length.
        return body.Length == 0 ? null : JsonSerializer.Deserialize(body.ToArray(), type);
    }
}
