using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;

namespace HaMirror.Agent.Notify;

/// <summary>A POST of JSON.</summary>
internal sealed class WebhookChannel(WebhookConfiguration webhook, HttpClient client) : INotifyChannel
{
    public const string SignatureHeader = "HaMirror-Signature";

    public string Kind => "webhook";

    /// <summary>Without the query, which often holds a token.</summary>
    public string Target => webhook.Url.GetLeftPart(UriPartial.Path);

    public async Task SendAsync(Notification notification, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(notification, ConsoleJson.Default.Notification);
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (webhook.SecretFile.Length > 0)
        {
            var secret = Encoding.UTF8.GetBytes(SecretFile.Read(webhook.SecretFile));
            request.Headers.Add(SignatureHeader, "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(secret, body)));
        }

        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!answer.IsSuccessStatusCode) throw new NotifyException($"{Target} answered {(int)answer.StatusCode}.");
        }
        catch (HttpRequestException error)
        {
            throw new NotifyException($"{Target}: {error.Message}", error);
        }
    }
}
