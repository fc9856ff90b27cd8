import HTTPTypes
import Hummingbird

/// `GET /app`: the dashboard, for anyone. Its files say nothing about an account; what the pages show, they ask the API for.
///
/// The page's addresses are relative to where it was asked for. So it works behind any path prefix.
struct AppRoutes: Sendable {
    /// Scripts, styles and pictures come from this service alone, media from the visitor's own files. Nothing may make markup from text.
    static let contentSecurityPolicy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src blob:; connect-src 'self'; \
        base-uri 'self'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'
        """
    /// How many parts a page's path may have below `/app`.
    private static let deepest = 4

    private let files: DashboardFiles
    private let pages: [StaticResponse]
    private let assets: [String: (current: StaticResponse, other: StaticResponse)]

    init(_ files: DashboardFiles) {
        self.files = files
        // For /app, /app/x (or /app/), /app/x/y, …
        let bases = ["app/", "./"] + (1..<Self.deepest).map { String(repeating: "../", count: $0) }
        pages = bases.map { base in
            StaticResponse(
                files.page(base: base), contentType: "text/html; charset=utf-8", cacheControl: "no-cache",
                headers: Self.pageHeaders)
        }
        assets = files.assets.mapValues { file in
            func answer(_ cacheControl: String) -> StaticResponse {
                StaticResponse(
                    file.bytes, contentType: file.contentType, cacheControl: cacheControl,
                    headers: [.contentSecurityPolicy: Self.contentSecurityPolicy])
            }
            return (answer("public, max-age=31536000, immutable"), answer("no-cache"))
        }
    }

    func add(to router: Router<PublicContext>) {
        router.get("", use: front)
        router.get("app", use: page)
        router.get("app/assets/{version}/**", use: asset)
        router.get("app/**", use: page)
    }

    /// `GET /`: where somebody lands who knows only the host. Programs are told what they are told everywhere.
    @Sendable
    private func front(_ request: Request, context: PublicContext) throws -> Response {
        guard request.headers[values: .accept].contains(where: { $0.contains("text/html") }) else {
            throw APIError.notFound()
        }
        return Response(status: .found, headers: [.location: "app", .cacheControl: "no-store", .vary: "Accept"])
    }

    private static var pageHeaders: HTTPFields {
        [
            .contentSecurityPolicy: contentSecurityPolicy, .referrerPolicy: "no-referrer",
            .crossOriginOpenerPolicy: "same-origin", .xFrameOptions: "DENY",
        ]
    }

    @Sendable
    private func page(_ request: Request, context: PublicContext) throws -> Response {
        let depth = request.uri.path.dropFirst("/app".count).count { $0 == "/" }
        guard depth < pages.count else { throw APIError.notFound("There is no such page.") }
        return pages[depth].handle(request, context: context)
    }

    /// A page that an older or newer node served asks for another version. It gets what there is, and keeps it for this once.
    @Sendable
    private func asset(_ request: Request, context: PublicContext) throws -> Response {
        let name = context.parameters.getCatchAll().joined(separator: "/")
        guard let answers = assets[name] else { throw APIError.notFound("The dashboard has no such file.") }
        let isCurrent = context.parameters.get("version") == files.version
        return (isCurrent ? answers.current : answers.other).handle(request, context: context)
    }
}
