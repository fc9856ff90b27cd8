import HTTPTypes
import Hummingbird

/// `GET /openapi.json`: the API reference for programs. `GET /docs`: the same for people. Anyone may read them.
struct DocumentRoutes: Sendable {
    private let document: StaticResponse
    private let page: StaticResponse

    /// - Parameter address: where customers reach the service; nil if the operator did not configure it.
    init(_ document: APIDocument, address: String?) {
        let document = document.served(at: address)
        self.document = StaticResponse(document.bytes, contentType: "application/json")
        var headers: HTTPFields = [:]
        headers[.contentSecurityPolicy] = DocsPage.contentSecurityPolicy
        headers[.referrerPolicy] = "no-referrer"
        page = StaticResponse(
            Array(DocsPage(document).markup.utf8), contentType: "text/html; charset=utf-8",
            headers: headers)
    }

    func add(to router: Router<PublicContext>) {
        router.get("openapi.json", use: document.handle)
        router.get("docs", use: page.handle)
    }
}
